namespace Rlhf.Reports.Charts;

/// <summary>Points with error bars where there are bounds; each names itself when pointed at.</summary>
public sealed record PointMark : Mark
{
    public required IReadOnlyList<double> X { get; init; }
    public required IReadOnlyList<double> Y { get; init; }

    /// <summary>Ends of error bars; empty for none.</summary>
    public IReadOnlyList<double> Low { get; init; } = [];

    public IReadOnlyList<double> High { get; init; } = [];

    /// <summary>What each point is; empty for none.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    public Marker Marker { get; init; } = Marker.Circle;

    public Fill Fill { get; init; } = Fill.Solid;

    public override IEnumerable<double> Xs => X;

    public override IEnumerable<double> Ys => Y.Concat(Low).Concat(High);

    public override IEnumerable<Datum> Data => X.Select((x, i) => Low.Count > 0 ? new Datum(x, Y[i], Low[i], High[i]) : new Datum(x, Y[i]));

    public override void Draw(SvgWriter svg, Frame frame)
    {
        for (var i = 0; i < X.Count; i++)
        {
            if (!frame.Shows(X[i], Y[i])) continue;
            var x = frame.X.At(X[i]);
            svg.Open("g");
            svg.Text("title", Tooltip(i));
            if (Low.Count > 0 && double.IsFinite(Low[i]) && double.IsFinite(High[i]))
                svg.Line(x, Math.Clamp(frame.Y.At(Low[i]), frame.Top, frame.Bottom), x, Math.Clamp(frame.Y.At(High[i]), frame.Top, frame.Bottom),
                    ("stroke", Ink.ColourVariable), ("stroke-width", "1.2"), ("stroke-opacity", "0.75"));
            Pens.Marker(svg, Marker, Fill, Ink, x, frame.Y.At(Y[i]));
            svg.Close();
        }
    }

    public override void DrawKey(SvgWriter svg, double x, double y) => Pens.Marker(svg, Marker, Fill, Ink, x + 11, y);

    private string Tooltip(int i)
    {
        var numbers = $"{NumberFormat.Value(X[i])}, {NumberFormat.Value(Y[i])}";
        if (Low.Count > 0 && double.IsFinite(Low[i])) numbers += $" [{NumberFormat.Value(Low[i])}, {NumberFormat.Value(High[i])}]";
        var name = Labels.Count > 0 ? Labels[i] : Name;
        return name.Length > 0 ? $"{name}: {numbers}" : numbers;
    }
}

public enum Marker
{
    Circle,
    Square,
    Diamond,
    Triangle,
}

public enum Fill
{
    Solid,
    Hollow,
}
