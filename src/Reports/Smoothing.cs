namespace Rlhf.Reports;

/// <summary>Makes the course of noisy numbers visible.</summary>
public static class Smoothing
{
    /// <summary>
    /// At each place the height of the straight line that fits the neighbours up to <paramref name="reach"/> away best: a
    /// moving average in the middle, and at the ends, where neighbours are on one side only, one that does not bend a
    /// trend. Numbers that are not finite count for nothing and stay gaps.
    /// </summary>
    public static double[] LocalLine(IReadOnlyList<double> values, int reach)
    {
        // Running sums of 1, x, x², y and xy over finite numbers, so that a window costs a subtraction.
        var sums = new (double N, double X, double XX, double Y, double XY)[values.Count + 1];
        for (var i = 0; i < values.Count; i++)
        {
            var (n, x, xx, y, xy) = sums[i];
            sums[i + 1] = double.IsFinite(values[i]) ? (n + 1, x + i, xx + (double)i * i, y + values[i], xy + i * values[i]) : sums[i];
        }

        return [.. values.Select((value, i) => double.IsFinite(value) ? Height(sums[Math.Max(0, i - reach)], sums[Math.Min(values.Count, i + reach + 1)], i) : double.NaN)];
    }

    private static double Height((double N, double X, double XX, double Y, double XY) from, (double N, double X, double XX, double Y, double XY) to, int at)
    {
        double n = to.N - from.N, meanX = (to.X - from.X) / n, meanY = (to.Y - from.Y) / n;
        var spread = (to.XX - from.XX) / n - meanX * meanX;
        return spread < 1e-9 ? meanY : meanY + ((to.XY - from.XY) / n - meanX * meanY) / spread * (at - meanX);
    }
}
