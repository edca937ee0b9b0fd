using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Rlhf.Foundation;

namespace Rlhf.Cli.Cards;

/// <summary>
/// The README.md of a model. The front matter and the text around two marks are the user's: what stands there stays.
/// What is between the marks is written anew each time, unless somebody has changed it.
/// </summary>
internal static partial class CardFile
{
    public const string Name = "README.md";
    private const string End = "<!-- rlhf: end of what is written by the program -->";

    /// <summary>The card's text.</summary>
    /// <param name="before">the card that is there; null: none</param>
    /// <param name="body">the program's part</param>
    /// <param name="place">names the file in a complaint</param>
    /// <param name="replace">whether an edited part of the program's is given up</param>
    public static string Merge(string? before, IReadOnlyList<FrontKey> keys, string title, string body, string place, bool replace)
    {
        var part = Part(body);
        if (before is null) return FrontMatter.Merge("", keys, place) + $"\n# {Markdown.Text(title)}\n\n{part}\n{ForTheUser}";
        var (yaml, below) = FrontMatter.Split(before.ReplaceLineEndings("\n"));
        return FrontMatter.Merge(yaml, keys, place) + Around(below, part, place, replace);
    }

    private static string Around(string text, string part, string place, bool replace)
    {
        var begin = Begin().Match(text);
        if (!begin.Success) return text.TrimEnd('\n') + "\n\n" + part;
        var end = text.LastIndexOf(End, StringComparison.Ordinal);
        if (end < begin.Index + begin.Length) throw new RlhfException($"{place}: the mark '{End}' is gone; put it back on a line of its own, or delete the file to have it written anew");
        var inside = text[(begin.Index + begin.Length)..end];
        if (!replace && Print(inside) != begin.Groups[1].Value)
            throw new RlhfException($"{place}: the text between the two marks of the program was changed, and writing it anew would lose that; move it above or below them, or give card.replace=true");
        return text[..begin.Index] + part.TrimEnd('\n') + text[(end + End.Length)..];
    }

    private static string Part(string body)
    {
        var inside = $"\n\n{body.Trim('\n')}\n\n";
        return $"<!-- rlhf: written by the program, {Print(inside)}; your words belong above or below -->{inside}{End}\n";
    }

    private static string Print(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];

    private const string ForTheUser = """

        ## Intended use and limits

        *To fill in: what the model is for, what it must not be used for, and what it gets wrong.*

        ## Licence

        *To fill in, here and in the front matter: the base model's licence and those of the data bind this model too.*

        """;

    [GeneratedRegex("^<!-- rlhf: written by the program, ([0-9a-f]{12}); [^\n]*? -->", RegexOptions.Multiline)]
    private static partial Regex Begin();
}
