namespace Rlhf.Reports.Charts;

/// <summary>Grid, ticks and labels of the two axes.</summary>
internal static class Axes
{
    public static void DrawY(SvgWriter svg, Frame frame, string label, IReadOnlyList<double> ticks, IReadOnlyList<string> texts, double width)
    {
        svg.Open("g", ("fill", "var(--muted)"), ("text-anchor", "end"));
        for (var i = 0; i < ticks.Count; i++)
        {
            var y = frame.Y.At(ticks[i]);
            svg.Line(frame.Left, y, frame.Right, y, ("stroke", "var(--grid)"), ("stroke-width", "1"));
            svg.Label(frame.Left - 7, y + 4, texts[i]);
        }

        svg.Close();
        svg.Label(6, frame.Top - 12, TextWidth.Fit(label, Pens.FontSize, width - 12), ("fill", "var(--muted)"));
    }

    public static void DrawX(SvgWriter svg, Frame frame, string label)
    {
        var ticks = Ticks.Of(frame.X, 46);
        var texts = NumberFormat.Ticks(ticks);
        svg.Open("g", ("fill", "var(--muted)"), ("text-anchor", "middle"));
        svg.Line(frame.Left, frame.Bottom, frame.Right, frame.Bottom, ("stroke", "var(--axis)"), ("stroke-width", "1.2"));
        for (var i = 0; i < ticks.Count; i++)
        {
            var x = frame.X.At(ticks[i]);
            svg.Line(x, frame.Bottom, x, frame.Bottom + 4, ("stroke", "var(--axis)"), ("stroke-width", "1.2"));
            svg.Label(x, frame.Bottom + 18, texts[i]);
        }

        svg.Label((frame.Left + frame.Right) / 2, frame.Bottom + 36, TextWidth.Fit(label, Pens.FontSize, frame.Right - frame.Left), ("fill", "var(--muted)"));
        svg.Close();
    }
}
