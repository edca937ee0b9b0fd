namespace Rlhf.Rewards.Evaluation;

/// <summary>Pearson's r = Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)²·Σ(y−ȳ)²); NaN where one side never changes.</summary>
internal static class Pearson
{
    public static double Of(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
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
}
