namespace Rlhf.Evaluation;

/// <summary>How two numbers of the same items move together. NaN where one of them never changes.</summary>
public static class Correlation
{
    /// <summary>Pearson's r = Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)²·Σ(y−ȳ)²).</summary>
    public static double Pearson(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (x.Count != y.Count) throw new ArgumentException($"{x.Count} numbers against {y.Count}: they must be of the same items");
        if (x.Count == 0) return double.NaN;

        double meanX = x.Average(), meanY = y.Average();
        double both = 0, squareX = 0, squareY = 0;
        for (var i = 0; i < x.Count; i++)
        {
            double dx = x[i] - meanX, dy = y[i] - meanY;
            both += dx * dy;
            squareX += dx * dx;
            squareY += dy * dy;
        }

        return squareX == 0 || squareY == 0 ? double.NaN : both / Math.Sqrt(squareX * squareY);
    }

    /// <summary>Spearman's ρ: Pearson's r of the ranks, ties at their mean rank.</summary>
    public static double Spearman(IReadOnlyList<double> x, IReadOnlyList<double> y) => Pearson(Ranks(x), Ranks(y));

    /// <summary>Ranks from 1, tied values at the mean of the ranks they share.</summary>
    public static double[] Ranks(IReadOnlyList<double> values)
    {
        var order = Enumerable.Range(0, values.Count).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Count];
        for (var first = 0; first < order.Length;)
        {
            var end = first + 1;
            while (end < order.Length && values[order[end]] == values[order[first]]) end++;
            for (var i = first; i < end; i++) ranks[order[i]] = (first + 1 + end) / 2.0;
            first = end;
        }

        return ranks;
    }
}
