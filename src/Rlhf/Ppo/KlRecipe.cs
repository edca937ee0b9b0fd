using Rlhf.Foundation.Recipes;
using Rlhf.Maths;

namespace Rlhf.Ppo;

/// <summary>The price of leaving the reference.</summary>
public sealed record KlRecipe
{
    [Describe("β, the price of one nat of divergence (the first price, where it adapts)")]
    [AtLeast(0)]
    public double Coefficient { get; init; } = 0.1;

    [Describe("adaptive: β moves until the KL per sequence meets the target; fixed: it stays")]
    public KlControl Control { get; init; } = KlControl.Adaptive;

    [Describe("KL per sequence, in nats, that the adaptive control steers to")]
    [Above(0)]
    public double Target { get; init; } = 6;

    [Describe("episodes over which the adaptive control reacts; smaller is faster")]
    [Above(0)]
    public double Horizon { get; init; } = 10000;

    [Describe("what a token is charged for: k1 (log ratio), k2 (half its square) or k3")]
    public KlEstimator Estimator { get; init; } = KlEstimator.K1;

    [Describe("reward: taken off each token's reward; loss: added to the loss; empty: as the algorithm has it (grpo: loss, others: reward)")]
    public KlPlacement? Placement { get; init; }
}
