namespace Rlhf.Reports.Charts;

/// <summary>Bars between neighbouring edges: a histogram.</summary>
public sealed record BarMark : Mark
{
    /// <summary>One more than there are bars.</summary>
    public required IReadOnlyList<double> Edges { get; init; }

    public required IReadOnlyList<double> Heights { get; init; }

    public override IEnumerable<double> Xs => Edges;

    public override IEnumerable<double> Ys => Heights.Append(0);

    /// <summary>x is the middle of a bar, low and high its edges.</summary>
    public override IEnumerable<Datum> Data => Heights.Select((height, i) => new Datum((Edges[i] + Edges[i + 1]) / 2, height, Edges[i], Edges[i + 1]));

    /// <summary>Counts in equal bins whose edges are round numbers.</summary>
    public static BarMark Histogram(IReadOnlyList<double> values, int bins, double min, double max)
    {
        var step = Ticks.Step(max > min ? max - min : 1, bins);
        var first = Math.Floor(min / step);
        var count = Math.Max(1, (int)Math.Ceiling(max / step - 1e-9) - (int)first);
        var heights = new double[count];
        foreach (var value in values.Where(double.IsFinite))
            heights[Math.Clamp((int)Math.Floor(value / step - first + 1e-9), 0, count - 1)]++;
        return new BarMark { Edges = [.. Enumerable.Range(0, count + 1).Select(i => Math.Round((first + i) * step, 10))], Heights = heights };
    }

    public override void Draw(SvgWriter svg, Frame frame)
    {
        for (var i = 0; i < Heights.Count; i++)
        {
            double left = frame.X.At(Edges[i]), right = frame.X.At(Edges[i + 1]), top = frame.Y.At(Heights[i]), bottom = frame.Y.At(0);
            if (!double.IsFinite(left + right + top + bottom) || top == bottom) continue;
            svg.Open("rect", ("x", SvgWriter.Number(left + 0.5)), ("y", SvgWriter.Number(Math.Min(top, bottom))),
                ("width", SvgWriter.Number(Math.Max(right - left - 1, 0.5))), ("height", SvgWriter.Number(Math.Abs(bottom - top))),
                ("fill", Ink.ColourVariable), ("fill-opacity", "0.5"), ("stroke", Ink.ColourVariable), ("stroke-width", "1"));
            svg.Text("title", $"{Name}{(Name.Length > 0 ? ", " : "")}{NumberFormat.Value(Edges[i])} to {NumberFormat.Value(Edges[i + 1])}: {NumberFormat.Value(Heights[i])}");
            svg.Close();
        }
    }

    public override void DrawKey(SvgWriter svg, double x, double y) =>
        svg.Empty("rect", ("x", SvgWriter.Number(x + 4)), ("y", SvgWriter.Number(y - 5)), ("width", "14"), ("height", "10"),
            ("fill", Ink.ColourVariable), ("fill-opacity", "0.5"), ("stroke", Ink.ColourVariable));
}
