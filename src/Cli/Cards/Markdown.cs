using System.Text;

namespace Rlhf.Cli.Cards;

/// <summary>Text from files as it stands in Markdown: whatever it holds, it is shown and does nothing.</summary>
internal static class Markdown
{
    private const string Special = "\\`*_[]>#|~!$";

    /// <summary>Running text on one line.</summary>
    public static string Text(string words)
    {
        var text = new StringBuilder();
        foreach (var c in OneLine(words))
        {
            if (c == '<') text.Append("&lt;");
            else if (c == '&') text.Append("&amp;");
            else if (Special.Contains(c)) text.Append('\\').Append(c);
            else text.Append(c);
        }

        return text.ToString();
    }

    /// <summary>A name, path or number as code, also in a table's cell.</summary>
    public static string Code(string words)
    {
        var line = OneLine(words).Trim();
        if (line.Length == 0) return "(nothing)";
        var ticks = new string('`', LongestRun(line) + 1);
        var apart = line.StartsWith('`') || line.EndsWith('`') ? " " : "";
        return $"{ticks}{apart}{line.Replace("|", "\\|", StringComparison.Ordinal)}{apart}{ticks}";
    }

    /// <summary>Lines as they are, whatever fences they hold.</summary>
    public static string Block(string lines, string language)
    {
        var fence = new string('`', Math.Max(3, LongestRun(lines) + 1));
        return $"{fence}{language}\n{lines.ReplaceLineEndings("\n").TrimEnd()}\n{fence}";
    }

    public static string Row(params string[] cells) => $"| {string.Join(" | ", cells)} |\n";

    public static string Head(params string[] cells) => Row(cells) + Row([.. cells.Select(_ => "---")]);

    private static string OneLine(string words)
    {
        var line = new StringBuilder();
        foreach (var rune in words.EnumerateRunes()) line.Append(Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 ? " " : rune.ToString());
        return line.ToString();
    }

    private static int LongestRun(string words)
    {
        var (longest, run) = (0, 0);
        foreach (var c in words) longest = Math.Max(longest, run = c == '`' ? run + 1 : 0);
        return longest;
    }
}
