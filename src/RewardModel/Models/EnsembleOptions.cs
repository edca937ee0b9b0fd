using MathNet.Numerics.Statistics;
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

    /// <summary>mean − λ·variance: uncertainty-weighted optimisation (Coste et al. 2023).</summary>
    MeanMinusVariance,
}

/// <summary>The rule by which members are combined.</summary>
[Describe("how the scores of an ensemble become one")]
public sealed record EnsembleOptions
{
    [Describe("mean, minimum, mean_minus_deviation, or mean_minus_variance")]
    public Combination Combine { get; init; } = Combination.Mean;

    [Describe("c in mean − c·std"), AtLeast(0)]
    public double DeviationWeight { get; init; } = 1;

    [Describe("λ in mean − λ·variance"), AtLeast(0)]
    public double VarianceWeight { get; init; } = 0.5;

    /// <summary>One score of the members' scores; deviation and variance are the population's.</summary>
    public double Apply(IReadOnlyList<double> scores) => Combine switch
    {
        Combination.Minimum => scores.Min(),
        Combination.MeanMinusDeviation => scores.Average() - DeviationWeight * scores.PopulationStandardDeviation(),
        Combination.MeanMinusVariance => scores.Average() - VarianceWeight * scores.PopulationVariance(),
        _ => scores.Average(),
    };
}
