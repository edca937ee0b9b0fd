namespace Rlhf.Reports.Charts;

/// <summary>Maps values of an axis to pixels.</summary>
public sealed class Scale
{
    private const double Rounding = 1e-9;

    private readonly double _low;
    private readonly double _high;

    public Scale(ScaleKind kind, double min, double max, double from, double to)
    {
        (Kind, Min, Max, From, To) = (kind, min, max, from, to);
        (_low, _high) = (Bend(kind, min), Bend(kind, max));
    }

    public ScaleKind Kind { get; }

    public double Min { get; }

    public double Max { get; }

    /// <summary>The pixel of <see cref="Min"/>.</summary>
    public double From { get; }

    /// <summary>The pixel of <see cref="Max"/>.</summary>
    public double To { get; }

    /// <summary>The pixel of a value; NaN where the value has no place on the scale.</summary>
    public double At(double value) => From + (Bend(Kind, value) - _low) / (_high - _low) * (To - From);

    public bool Shows(double value) => double.IsFinite(At(value));

    /// <summary>The ends of an axis: the data's, widened to what must be included, and never of no width.</summary>
    public static (double Min, double Max) Domain(Axis axis, IEnumerable<double> data)
    {
        double min = double.PositiveInfinity, max = double.NegativeInfinity;
        foreach (var value in data.Concat(axis.Include))
        {
            if (!double.IsFinite(Bend(axis.Scale, value)) || Math.Abs(value) > 1e300) continue;
            min = Math.Min(min, value);
            max = Math.Max(max, value);
        }

        if (min > max) (min, max) = axis.Scale == ScaleKind.Log ? (1, 10) : (0, 1);
        if (axis.Scale == ScaleKind.SquareRoot) min = Math.Max(min, 0);
        min = axis.Min ?? min;
        max = axis.Max ?? max;
        // Numbers that differ by rounding alone are one number: stretched over the axis they would look like a course.
        if (max - min > Rounding * Math.Max(Math.Abs(min), Math.Abs(max))) return (min, max);
        return axis.Scale switch
        {
            ScaleKind.Log => (min / 2, min * 2),
            ScaleKind.SquareRoot => (0, Math.Max(max, 1)),
            _ when min == 0 => (-0.5, 0.5),
            _ => (min - Math.Abs(min) / 2, min + Math.Abs(min) / 2),
        };
    }

    private static double Bend(ScaleKind kind, double value) => kind switch
    {
        ScaleKind.Log => value > 0 ? Math.Log10(value) : double.NaN,
        ScaleKind.SquareRoot => Math.Sqrt(Math.Max(value, 0)),
        _ => value,
    };
}
