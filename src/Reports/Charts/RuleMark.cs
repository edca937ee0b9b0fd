namespace Rlhf.Reports.Charts;

/// <summary>A straight line across the chart at one value, with its label beside it and its interval shaded.</summary>
public sealed record RuleMark : Mark
{
    public required Direction Direction { get; init; }

    public required double Value { get; init; }

    /// <summary>Ends of the value's interval; NaN for none.</summary>
    public double Low { get; init; } = double.NaN;

    public double High { get; init; } = double.NaN;

    public string Label { get; init; } = "";

    public override IEnumerable<double> Xs => Direction == Direction.Vertical ? [Value] : [];

    public override IEnumerable<double> Ys => Direction == Direction.Horizontal ? [Value] : [];

    public override IEnumerable<Datum> Data =>
        [Direction == Direction.Vertical ? new Datum(Value, double.NaN, Low, High) : new Datum(double.NaN, Value, Low, High)];

    public override void Draw(SvgWriter svg, Frame frame)
    {
        if (double.IsFinite(Low) && double.IsFinite(High)) DrawInterval(svg, frame);
        if (Direction == Direction.Horizontal)
        {
            var y = frame.Y.At(Value);
            if (!(y >= frame.Top - 1 && y <= frame.Bottom - 1)) return;   // on the axis it would only blur it
            svg.Line(frame.Left, y, frame.Right, y, Pens.Line(Ink));
            if (Label.Length > 0) Pens.Halo(svg, frame.Left + 6, y < frame.Top + 18 ? y + 14 : y - 5, Label, "start", Ink);
            return;
        }

        var x = frame.X.At(Value);
        if (!(x >= frame.Left - 1 && x <= frame.Right + 1)) return;
        svg.Line(x, frame.Top, x, frame.Bottom, Pens.Line(Ink));
        if (Label.Length == 0) return;
        var fitsRight = x + 6 + TextWidth.Of(Label, Pens.FontSize) < frame.Right;
        Pens.Halo(svg, fitsRight ? x + 6 : x - 6, frame.Top + 13, Label, fitsRight ? "start" : "end", Ink);
    }

    private void DrawInterval(SvgWriter svg, Frame frame)
    {
        var (left, right) = Direction == Direction.Vertical ? (frame.X.At(Low), frame.X.At(High)) : (frame.Left, frame.Right);
        var (top, bottom) = Direction == Direction.Vertical ? (frame.Top, frame.Bottom) : (frame.Y.At(High), frame.Y.At(Low));
        left = Math.Clamp(left, frame.Left, frame.Right);
        top = Math.Clamp(top, frame.Top, frame.Bottom);
        svg.Empty("rect", ("x", SvgWriter.Number(left)), ("y", SvgWriter.Number(top)),
            ("width", SvgWriter.Number(Math.Clamp(right, left, frame.Right) - left)), ("height", SvgWriter.Number(Math.Clamp(bottom, top, frame.Bottom) - top)),
            ("fill", Ink.ColourVariable), ("fill-opacity", "0.12"));
    }

    public override void DrawKey(SvgWriter svg, double x, double y) => svg.Line(x, y, x + 22, y, Pens.Line(Ink));
}

public enum Direction
{
    Horizontal,
    Vertical,
}
