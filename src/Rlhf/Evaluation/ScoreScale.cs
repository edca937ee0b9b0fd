using MathNet.Numerics.Statistics;

namespace Rlhf.Evaluation;

/// <summary>
/// Where the reference's scores lie: a gain is counted from their mean in units of their standard deviation, so that
/// proxy and gold, whatever their units, stand on one axis and the curve starts at (0, 0).
/// </summary>
public sealed record ScoreScale(double Mean, double Spread)
{
    /// <summary>Population standard deviation; scores that are all the same count in their own units.</summary>
    public static ScoreScale Of(IReadOnlyList<double> scores)
    {
        if (scores.Count == 0) return new ScoreScale(double.NaN, double.NaN);
        var mean = scores.Average();
        var spread = scores.PopulationStandardDeviation();
        return new ScoreScale(mean, spread > 1e-12 ? spread : 1);
    }

    /// <summary>The policy's gain on each prompt over the reference's mean on the same prompt.</summary>
    public double[] Gains(IReadOnlyList<double> policy, IReadOnlyList<double> reference) =>
        [.. policy.Zip(reference, (ours, theirs) => (ours - theirs) / Spread)];
}
