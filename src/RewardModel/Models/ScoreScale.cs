using MathNet.Numerics.Statistics;
using Rlhf.Foundation;

namespace Rlhf.Rewards.Models;

/// <summary><c>gain·x + bias</c>: brings raw scores to mean 0 and deviation 1 on reference samples.</summary>
public sealed record ScoreScale(double Gain, double Bias)
{
    public static ScoreScale Identity { get; } = new(1, 0);

    /// <summary><c>gain = 1/std, bias = −gain·mean</c> with the population deviation (Ziegler et al. 2019).</summary>
    public static ScoreScale Fit(IReadOnlyCollection<double> scores)
    {
        var mean = scores.Average();
        var deviation = scores.PopulationStandardDeviation();
        if (!double.IsFinite(deviation)) throw new RlhfException("the reward model scores reference samples with numbers that are not finite; train it with a lower learning rate");
        if (deviation <= 1e-12 * Math.Max(1, Math.Abs(mean))) throw new RlhfException($"the reward model gives all {scores.Count} reference samples the same score ({mean:G4}): it has learned nothing, or the samples are all the same");
        return new ScoreScale(1 / deviation, -mean / deviation);
    }

    public double Apply(double score) => Gain * score + Bias;
}
