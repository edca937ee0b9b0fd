using MathNet.Numerics.Statistics;

namespace Rlhf.Rewards.Evaluation;

/// <summary>How two numbers of the same items move together. NaN where one of them never changes.</summary>
internal static class Correlation
{
    /// <summary>Pearson's r = Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)²·Σ(y−ȳ)²).</summary>
    public static double Pearson(IReadOnlyList<double> x, IReadOnlyList<double> y) => MathNet.Numerics.Statistics.Correlation.Pearson(x, y);

    /// <summary>Spearman's ρ: Pearson's r of the ranks, ties at their mean rank.</summary>
    public static double Spearman(IReadOnlyList<double> x, IReadOnlyList<double> y) => MathNet.Numerics.Statistics.Correlation.Spearman(x, y);

    /// <summary>Ranks from 1, tied values at the mean of the ranks they share.</summary>
    public static double[] Ranks(IReadOnlyList<double> values) => values.Ranks(RankDefinition.Average);
}
