namespace Rlhf.Reports.Charts;

/// <summary>
/// How wide a text will be without a font at hand: Helvetica's advance widths, a little more for the wider faces that
/// a reader's system may put in its place.
/// </summary>
public static class TextWidth
{
    private const double Reserve = 1.06;

    // Thousandths of the font size, from the space to the tilde.
    private static readonly short[] s_ascii =
    [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
        556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
        1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
        667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
        333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
        556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
    ];

    public static double Of(string text, double size)
    {
        var thousandths = 0;
        foreach (var rune in text.EnumerateRunes())
            thousandths += rune.Value is >= ' ' and <= '~' ? s_ascii[rune.Value - ' '] : rune.Value < 0x2E80 ? 600 : 1000;
        return thousandths * size / 1000 * Reserve;
    }

    /// <summary>The text cut with an ellipsis so that it fits.</summary>
    public static string Fit(string text, double size, double width)
    {
        if (Of(text, size) <= width) return text;
        var cut = text;
        while (cut.Length > 1 && Of(cut + "…", size) > width) cut = cut[..^(char.IsLowSurrogate(cut[^1]) ? 2 : 1)];
        return cut.TrimEnd() + "…";
    }
}
