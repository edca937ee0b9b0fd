namespace Rlhf.Reports.Charts;

/// <summary>Round numbers along an axis, no closer than a number of pixels.</summary>
public static class Ticks
{
    private static readonly int[] s_mantissas = [1, 5, 2];
    private static readonly double[] s_ends = [1, 2, 5, 10];

    /// <summary>In rising order, within the scale.</summary>
    public static IReadOnlyList<double> Of(Scale scale, double spacing) => scale.Kind switch
    {
        ScaleKind.Log => Logarithmic(scale, spacing),
        ScaleKind.SquareRoot => Spaced(scale, spacing, RoundNumbers(scale.Max)),
        _ => Linear(scale.Min, scale.Max, Math.Max(2, Math.Abs(scale.To - scale.From) / spacing)),
    };

    /// <summary>The step 1, 2 or 5 times a power of ten that gives at most so many intervals.</summary>
    public static double Step(double range, double intervals)
    {
        var raw = range / intervals;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var mantissa = raw / power;
        return power * (mantissa <= 1 + 1e-9 ? 1 : mantissa <= 2 + 1e-9 ? 2 : mantissa <= 5 + 1e-9 ? 5 : 10);
    }

    /// <summary>Ends moved outwards to the next round numbers.</summary>
    public static (double Min, double Max) Rounded(double min, double max, double intervals)
    {
        var step = Step(max - min, intervals);
        return (Math.Floor(min / step + 1e-9) * step, Math.Ceiling(max / step - 1e-9) * step);
    }

    /// <summary>Ends of a log axis moved outwards to the next 1, 2 or 5 times a power of ten.</summary>
    public static (double Min, double Max) RoundedLog(double min, double max)
    {
        double below = Math.Pow(10, Math.Floor(Math.Log10(min))), above = Math.Pow(10, Math.Floor(Math.Log10(max)));
        var low = s_ends.Select(mantissa => mantissa * below).Last(end => end <= min * (1 + 1e-9));
        var high = s_ends.Select(mantissa => mantissa * above).First(end => end >= max * (1 - 1e-9));
        return (low, high);
    }

    private static List<double> Linear(double min, double max, double intervals)
    {
        var step = Step(max - min, intervals);
        var first = (long)Math.Ceiling(min / step - 1e-9);
        var last = (long)Math.Floor(max / step + 1e-9);
        return [.. Enumerable.Range(0, (int)(last - first + 1)).Select(i => Clean((first + i) * step, step))];
    }

    private static List<double> Logarithmic(Scale scale, double spacing)
    {
        int first = (int)Math.Floor(Math.Log10(scale.Min)), last = (int)Math.Ceiling(Math.Log10(scale.Max));
        var decades = Enumerable.Range(first, last - first + 1).Select(k => Math.Pow(10, k)).ToArray();
        var ticks = Spaced(scale, spacing, s_mantissas.SelectMany(mantissa => decades.Select(decade => Clean(mantissa * decade, decade))));
        return ticks.Count > 2 ? ticks : Spaced(scale, spacing, Linear(scale.Min, scale.Max, 6).Where(tick => tick > 0));
    }

    // The candidates that matter most come first; one is taken where it keeps its distance from those taken before.
    private static List<double> Spaced(Scale scale, double spacing, IEnumerable<double> candidates)
    {
        var taken = new List<double>();
        foreach (var candidate in candidates)
        {
            if (candidate < scale.Min * (1 - 1e-9) || candidate > scale.Max * (1 + 1e-9)) continue;
            var pixel = scale.At(candidate);
            if (taken.All(tick => Math.Abs(scale.At(tick) - pixel) >= spacing)) taken.Add(candidate);
        }

        taken.Sort();
        return taken;
    }

    private static IEnumerable<double> RoundNumbers(double max)
    {
        yield return 0;
        var top = (int)Math.Floor(Math.Log10(Math.Max(max, 1e-12)) + 1e-9);
        foreach (var mantissa in new[] { 1, 5, 2, 3, 4, 6, 7, 8, 9 })
            for (var power = top; power > top - 4; power--)
                yield return Clean(mantissa * Math.Pow(10, power), Math.Pow(10, power));
    }

    // 3·0.1 is 0.30000000000000004; a tick is 0.3.
    private static double Clean(double value, double step)
    {
        if (Math.Abs(value) < step * 1e-9) return 0;
        var decimals = Math.Max(0, 2 - (int)Math.Floor(Math.Log10(step)));
        return decimals > 15 ? value : Math.Round(value, decimals);
    }
}
