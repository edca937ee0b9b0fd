using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlhf.Rewards.Texts;

/// <summary>
/// The number a worked answer ends with: what stands in its last <c>\boxed{}</c>, or else the last number of the text. Thousands may
/// have commas; a/b and \frac{a}{b} are fractions.
/// </summary>
internal static partial class FinalNumber
{
    private const string Box = @"\boxed";
    private const int Longest = 4096;

    /// <returns>null where there is none, or the box holds none</returns>
    public static double? In(string text) => Last(Boxed(text) is { } inside ? inside : text);

    public static bool Same(double one, double other, double tolerance) => Math.Abs(one - other) <= tolerance * Math.Max(1, Math.Abs(other));

    /// <summary>What the last box holds, to the brace that closes it; null without a box.</summary>
    private static string? Boxed(string text)
    {
        var at = text.LastIndexOf(Box, StringComparison.Ordinal);
        if (at < 0) return null;
        var open = at + Box.Length;
        while (open < text.Length && text[open] == ' ') open++;
        if (open >= text.Length || text[open] != '{') return "";
        var depth = 0;
        for (var i = open; i < text.Length; i++)
        {
            if (text[i] == '{') depth++;
            else if (text[i] == '}' && --depth == 0) return text[(open + 1)..i];
        }

        return text[(open + 1)..];
    }

    private static double? Last(string text)
    {
        // A number stands at the end or nowhere: a text of a million signs is not searched for one.
        var match = Pattern().Match(text.Length <= Longest ? text : text[^Longest..]);
        if (!match.Success) return null;
        var (above, below) = (match.Groups["above"], match.Groups["below"]);
        if (!above.Success) return Number(match.Groups["number"].Value);
        return Number(above.Value) is { } numerator && Number(below.Value) is { } denominator && denominator != 0
            ? numerator / denominator * (match.Groups["minus"].Success ? -1 : 1) : null;
    }

    private static double? Number(string text) =>
        double.TryParse(text.Replace(",", "", StringComparison.Ordinal).Replace('−', '-'), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    // From the right: the first that is found is the last of the text. A sign belongs to a number unless something stands before it to be subtracted from.
    [GeneratedRegex(
        @"(?<minus>(?<![\w)])[-−])?\\[dt]?frac\{(?<above>[-−]?\d+(\.\d+)?)\}\{(?<below>\d+(\.\d+)?)\}"
        + @"|(?<above>((?<![\w)])[-−+])?\d[\d,]*(\.\d+)?)\s*/\s*(?<below>\d+(\.\d+)?)"
        + @"|(?<number>((?<![\w).])[-−+])?(\d{1,3}(,\d{3})+(?!\d)|\d+|(?<!\d)(?=\.\d))(\.\d+)?([eE][-+]?\d+)?)",
        RegexOptions.RightToLeft | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
