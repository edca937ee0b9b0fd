namespace Rlhf.Reports.Charts;

/// <summary>
/// Draws a chart as SVG: the same chart gives the same text, byte for byte. Colours are custom properties, so that one
/// drawing serves light and dark.
/// </summary>
public static class ChartRenderer
{
    private const string FontFamily = "font:12px -apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Liberation Sans',sans-serif";
    private const double TitleHeight = 34;

    /// <summary>An element for a page that holds <see cref="Palette.Css"/> and shows the title itself.</summary>
    public static string Inline(Chart chart, ChartSize size) => Render(chart, size, $"{chart.Id}-{size.Width}", top: 0, css: null);

    /// <summary>A file of its own, with title, colours and paper.</summary>
    public static string Standalone(Chart chart, ChartSize size) =>
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + Render(chart, size, chart.Id, TitleHeight, Palette.Css("svg"));

    private static string Render(Chart chart, ChartSize size, string id, double top, string? css)
    {
        var height = size.Height + top;
        var svg = new SvgWriter();
        svg.Open("svg", ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", $"0 0 {size.Width} {SvgWriter.Number(height)}"),
            ("width", $"{size.Width}"), ("height", SvgWriter.Number(height)), ("role", "img"), ("aria-labelledby", $"{id}-title {id}-desc"), ("style", FontFamily));
        svg.Text("title", chart.Title, ("id", $"{id}-title"));
        svg.Text("desc", chart.Description, ("id", $"{id}-desc"));
        if (css is not null)
        {
            svg.Raw($"<style>{css}</style>\n");
            svg.Empty("rect", ("width", "100%"), ("height", "100%"), ("fill", "var(--paper)"));
            svg.Label(12, 23, TextWidth.Fit(chart.Title, 16, size.Width - 24), ("fill", "var(--ink)"), ("font-size", "16"), ("font-weight", "600"));
        }

        DrawPlot(svg, chart, size, id, top);
        svg.Close();
        return svg.ToString();
    }

    private static void DrawPlot(SvgWriter svg, Chart chart, ChartSize size, string id, double top)
    {
        var (xMin, xMax) = Scale.Domain(chart.X, chart.Marks.SelectMany(mark => mark.Xs));
        var legend = new Legend(chart.Marks, size, xMin, xMax);
        legend.DrawRows(svg, 6, top, size.Width - 12);

        var plotTop = top + legend.Height + 26;
        var plotBottom = top + size.Height - 42;
        var y = YScale(chart, plotBottom, plotTop);
        var yTicks = Ticks.Of(y, 38);
        var yTexts = NumberFormat.Ticks(yTicks);
        var left = 14 + yTexts.Select(text => TextWidth.Of(text, Pens.FontSize)).DefaultIfEmpty(0).Max();
        var right = size.Width - Math.Max(legend.RightWidth, 16);
        var frame = new Frame(new Scale(chart.X.Scale, xMin, xMax, left, right), y);

        Axes.DrawY(svg, frame, chart.Y.Label, yTicks, yTexts, size.Width);
        Axes.DrawX(svg, frame, chart.X.Label);
        svg.Open("clipPath", ("id", $"{id}-clip"));
        svg.Empty("rect", ("x", SvgWriter.Number(left - 6)), ("y", SvgWriter.Number(plotTop - 6)), ("width", SvgWriter.Number(right - left + 12)), ("height", SvgWriter.Number(plotBottom - plotTop + 12)));
        svg.Close();
        svg.Open("g", ("clip-path", $"url(#{id}-clip)"));
        foreach (var mark in chart.Marks) mark.Draw(svg, frame);
        svg.Close();
        legend.DrawDirect(svg, frame);
        if (!chart.Marks.SelectMany(mark => mark.Ys).Any(y.Shows))
            svg.Label((left + right) / 2, (plotTop + plotBottom) / 2, "no finite numbers to show", ("text-anchor", "middle"), ("fill", "var(--muted)"));
    }

    // The y axis ends on round numbers, so that the top gridline has a tick.
    private static Scale YScale(Chart chart, double bottom, double top)
    {
        var (min, max) = Scale.Domain(chart.Y, chart.Marks.SelectMany(mark => mark.Ys));
        if (chart.Y.Scale == ScaleKind.Linear)
        {
            var (low, high) = Ticks.Rounded(min, max, Math.Max(2, (bottom - top) / 38));
            (min, max) = (chart.Y.Min ?? low, chart.Y.Max ?? high);
        }

        if (chart.Y.Scale == ScaleKind.Log) (min, max) = Ticks.RoundedLog(min, max);
        return new Scale(chart.Y.Scale, min, max, bottom, top);
    }
}
