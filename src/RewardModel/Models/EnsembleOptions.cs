using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Models;

/// <summary>How the scores of several members become one.</summary>
public enum Combination
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The lowest: optimising it has to convince every member (Coste et al. 2023).</summary>
    Minimum,

    /// <summary>mean − c·std: disagreement costs.</summary>
    MeanMinusDeviation,
}

/// <summary>The rule by which members are combined.</summary>
[Describe("how the scores of an ensemble become one")]
public sealed record EnsembleOptions
{
    [Describe("mean, minimum, or mean_minus_deviation")]
    public Combination Combine { get; init; } = Combination.Mean;

    [Describe("c in mean − c·std"), AtLeast(0)]
    public double DeviationWeight { get; init; } = 1;

    /// <summary>One score of the members' scores; the deviation is the population's.</summary>
    public double Apply(IReadOnlyList<double> scores) => Combine switch
    {
        Combination.Minimum => scores.Min(),
        Combination.MeanMinusDeviation => scores.Average() - DeviationWeight * Deviation(scores),
        _ => scores.Average(),
    };

    private static double Deviation(IReadOnlyList<double> scores)
    {
        var mean = scores.Average();
        return Math.Sqrt(scores.Average(score => (score - mean) * (score - mean)));
    }
}
