using System.Text.RegularExpressions;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Shell;

/// <summary>
/// What was typed after the command: a recipe file, <c>key=value</c> overrides (<c>--key value</c> and
/// <c>--key=value</c> mean the same), other arguments, and the switches every command knows.
/// </summary>
public sealed partial record Arguments
{
    private const string Rest = "...";
    private static readonly string[] Switches = ["--json", "--dry-run", "--print-recipe", "--help"];

    public string? RecipeFile { get; private init; }

    public IReadOnlyList<string> Overrides { get; private init; } = [];

    public bool Json { get; private init; }

    public bool DryRun { get; private init; }

    public bool PrintRecipe { get; private init; }

    public bool Help { get; private init; }

    public static Arguments Parse(IReadOnlyList<string> words, IReadOnlyList<string> positionals)
    {
        var found = new Arguments();
        var overrides = new List<string>();
        var filled = 0;
        var rest = new List<string>();
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (word is "--help" or "-h") found = found with { Help = true };
            else if (word == "--json") found = found with { Json = true };
            else if (word == "--dry-run") found = found with { DryRun = true };
            else if (word == "--print-recipe") found = found with { PrintRecipe = true };
            else if (Override().IsMatch(word)) overrides.Add(word);
            else if (LongOption().Match(word) is { Success: true } option) overrides.Add(Spelled(option, words, ref i));
            else if (word.StartsWith('-') && word.Length > 1) throw new RlhfException($"unknown option '{word}'; options are {string.Join(", ", Switches)}, and keys as key=value");
            else if (IsRecipe(word) && found.RecipeFile is null) found = found with { RecipeFile = word };
            else if (filled < positionals.Count && !IsRest(positionals[filled])) overrides.Add($"{positionals[filled++]}={word}");
            else if (filled < positionals.Count) rest.Add(word);
            else throw new RlhfException($"unexpected argument '{word}'; expected {(found.RecipeFile is null ? "a recipe (.yaml) or " : "")}key=value");
        }

        if (rest.Count > 0) overrides.Add($"{positionals[filled][..^Rest.Length]}=[{string.Join(", ", rest.Select(word => $"'{word.Replace("'", "''", StringComparison.Ordinal)}'"))}]");
        return found with { Overrides = overrides };
    }

    /// <summary>The last key without a name of its own may take all that is left, as a list.</summary>
    private static bool IsRest(string positional) => positional.EndsWith(Rest, StringComparison.Ordinal);

    private static bool IsRecipe(string word) => Path.GetExtension(word) is ".yaml" or ".yml";

    private static string Spelled(Match option, IReadOnlyList<string> words, ref int at)
    {
        var key = option.Groups["key"].Value.Replace('-', '_');
        if (option.Groups["value"].Success) return $"{key}={option.Groups["value"].Value}";
        if (at + 1 >= words.Count)
        {
            var meant = KeyNames.Nearest(words[at], Switches);
            throw new RlhfException(meant is null ? $"option {words[at]} needs a value: {key}=VALUE" : $"unknown option '{words[at]}'; did you mean '{meant}'?");
        }

        return $"{key}={words[++at]}";
    }

    [GeneratedRegex(@"^[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*=", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Override();

    [GeneratedRegex("^--(?<key>[a-z][a-z0-9_.-]*)(=(?<value>.*))?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex LongOption();
}
