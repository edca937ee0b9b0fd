using System.Text;

namespace Rlhf.Reports.Charts;

/// <summary>A line through points, broken where a number is missing, with a band where there are bounds.</summary>
public sealed record LineMark : Mark
{
    public required IReadOnlyList<double> X { get; init; }
    public required IReadOnlyList<double> Y { get; init; }

    /// <summary>Bounds of a confidence band; empty for none.</summary>
    public IReadOnlyList<double> Low { get; init; } = [];

    public IReadOnlyList<double> High { get; init; } = [];

    public override IEnumerable<double> Xs => X;

    public override IEnumerable<double> Ys => Y.Concat(Low).Concat(High);

    public override (double X, double Y)? End =>
        Enumerable.Range(0, Y.Count).Reverse().Where(i => double.IsFinite(Y[i])).Select(i => ((double, double)?)(X[i], Y[i])).FirstOrDefault();

    public override IEnumerable<Datum> Data => X.Select((x, i) => Low.Count > 0 ? new Datum(x, Y[i], Low[i], High[i]) : new Datum(x, Y[i]));

    public override void Draw(SvgWriter svg, Frame frame)
    {
        if (Low.Count > 0) DrawBand(svg, frame);
        var path = Path(Thinning.Of(Pixels(frame, Y), frame.Right - frame.Left));
        if (path.Length > 0) svg.Empty("path", [("d", path), .. Pens.Line(Ink)]);
        foreach (var (x, y) in Alone(Pixels(frame, Y))) svg.Empty("circle", ("cx", SvgWriter.Number(x)), ("cy", SvgWriter.Number(y)), ("r", "2"), ("fill", Ink.ColourVariable));
    }

    public override void DrawKey(SvgWriter svg, double x, double y) => svg.Line(x, y, x + 22, y, Pens.Line(Ink));

    private void DrawBand(SvgWriter svg, Frame frame)
    {
        List<(double X, double Y)> low = Pixels(frame, Low), high = Pixels(frame, High);
        var path = new StringBuilder();
        for (var first = 0; first < low.Count;)
        {
            var end = first;
            while (end < low.Count && IsFinite(low[end]) && IsFinite(high[end])) end++;
            if (end - first > 1)
            {
                path.Append(Path(Thinning.Of(high[first..end], frame.Right - frame.Left)));
                var back = Thinning.Of(low[first..end], frame.Right - frame.Left);
                back.Reverse();
                path.Append('L').Append(Path(back).AsSpan(1)).Append('Z');
            }

            first = end + 1;
        }

        if (path.Length > 0) svg.Empty("path", ("d", path.ToString()), ("fill", Ink.ColourVariable), ("fill-opacity", "0.16"), ("stroke", "none"));
    }

    private List<(double X, double Y)> Pixels(Frame frame, IReadOnlyList<double> values) =>
        [.. X.Select((x, i) => (frame.X.At(x), frame.Y.At(values[i])))];

    private static string Path(List<(double X, double Y)> pixels)
    {
        var path = new StringBuilder();
        var pen = 'M';
        foreach (var pixel in pixels)
        {
            if (IsFinite(pixel)) path.Append(pen).Append(SvgWriter.Number(pixel.X)).Append(' ').Append(SvgWriter.Number(pixel.Y));
            pen = IsFinite(pixel) ? 'L' : 'M';
        }

        return path.ToString();
    }

    // A point between two gaps would be no line at all.
    private static IEnumerable<(double X, double Y)> Alone(List<(double X, double Y)> pixels) =>
        pixels.Where((pixel, i) => IsFinite(pixel) && (i == 0 || !IsFinite(pixels[i - 1])) && (i == pixels.Count - 1 || !IsFinite(pixels[i + 1])));

    private static bool IsFinite((double X, double Y) pixel) => double.IsFinite(pixel.X) && double.IsFinite(pixel.Y);
}
