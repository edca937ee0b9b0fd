using System.Text;
using System.Text.RegularExpressions;
using Rlhf.Foundation;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Rlhf.Cli.Cards;

/// <summary>A key of the front matter with its value; one without values is left to be filled in.</summary>
/// <param name="IsList">Whether the hub expects a list.</param>
/// <param name="Hint">What to fill in where there is no value.</param>
internal sealed record FrontKey(string Name, IReadOnlyList<string> Values, bool IsList = false, string Hint = "")
{
    /// <summary>Whether the value was given on the command line, and goes before what the file says.</summary>
    public bool IsGiven { get; init; }

    public override string ToString() =>
        Values.Count == 0 ? $"{FrontMatter.ToFillIn}{Name}: {Hint}\n"
        : IsList ? $"{Name}:\n{string.Concat(Values.Select(value => $"- {YamlText.Of(value)}\n"))}"
        : $"{Name}: {YamlText.Of(Values[0])}\n";
}

/// <summary>The YAML between two lines of three dashes with which the hub's cards begin.</summary>
internal static partial class FrontMatter
{
    public const string ToFillIn = "# to fill in: ";
    private const string Fence = "---\n";

    /// <summary>The front matter's lines and what follows; no lines where the text has none.</summary>
    public static (string Yaml, string Below) Split(string text) =>
        Fenced().Match(text) is { Success: true } found ? (found.Groups[1].Value, text[found.Length..]) : ("", text);

    /// <summary>The keys that the lines hold, each with its own lines; a key without a value is none.</summary>
    /// <param name="place">names the file in a complaint</param>
    public static IReadOnlyList<(string Name, string Lines)> Entries(string yaml, string place)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            if (stream.Documents.Count == 0) return [];
            if (stream.Documents[0].RootNode is not YamlMappingNode { Style: not YamlDotNet.Core.Events.MappingStyle.Flow } map || stream.Documents.Count > 1) throw Wrong(place, "it is no list of 'key: value' lines");
            var lines = yaml.Split('\n');
            var starts = map.Children.Keys.Select(key => (int)key.Start.Line - 1).Append(lines.Length - 1).ToArray();
            return [.. map.Children.Select((pair, i) => (Name: ((YamlScalarNode)pair.Key).Value!, pair.Value, Lines: string.Concat(lines[starts[i]..starts[i + 1]].Where(IsTheirs).Select(line => line + "\n"))))
                .Where(entry => entry.Value is not YamlScalarNode { Value: null or "" or "~" or "null" }).Select(entry => (entry.Name, entry.Lines))];
        }
        catch (Exception error) when (error is YamlException or InvalidCastException or InvalidOperationException or ArgumentException)
        {
            throw Wrong(place, error.Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>What the file says stays; keys that it lacks are added, and those given on the command line replaced.</summary>
    public static string Merge(string before, IReadOnlyList<FrontKey> keys, string place)
    {
        var there = Entries(before, place);
        var text = new StringBuilder();
        foreach (var key in keys)
        {
            var kept = there.FirstOrDefault(entry => entry.Name == key.Name).Lines;
            text.Append(kept is null || key.IsGiven ? key.ToString() : kept);
        }

        foreach (var (name, lines) in there)
            if (!keys.Any(key => key.Name == name)) text.Append(lines);
        string[] written = text.ToString().Split('\n');
        foreach (var comment in before.Split('\n').Where(line => line.StartsWith('#') && IsTheirs(line) && !written.Contains(line))) text.Append(comment).Append('\n');
        _ = Entries(text.ToString(), place);
        return Fence + text + Fence;
    }

    private static bool IsTheirs(string line) => !line.StartsWith(ToFillIn, StringComparison.Ordinal);

    private static RlhfException Wrong(string place, string what) => new($"{place}: its front matter cannot be read ({what}); mend the lines between the two '---', or take them out");

    [GeneratedRegex(@"\A---[ \t]*\n(|.*?\n)---[ \t]*(\n|\z)", RegexOptions.Singleline)]
    private static partial Regex Fenced();
}
