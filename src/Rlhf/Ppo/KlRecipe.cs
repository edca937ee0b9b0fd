using Rlhf.Foundation.Recipes;
using Rlhf.Maths;

namespace Rlhf.Ppo;

/// <summary>The price of leaving the reference.</summary>
public sealed record KlRecipe
{
    [Describe("β, the price of one nat of divergence (the first price, where it adapts); empty: 0.1, or 0 with algorithm distillation")]
    [AtLeast(0)]
    public double? Coefficient { get; init; }

    [Describe("adaptive: β moves until the KL per sequence meets the target; fixed: it stays")]
    public KlControl Control { get; init; } = KlControl.Adaptive;

    [Describe("KL per sequence, in nats, that the adaptive control steers to")]
    [Above(0)]
    public double Target { get; init; } = 6;

    [Describe("episodes over which the adaptive control reacts, at least those of a step; smaller is faster")]
    [Above(0)]
    public double Horizon { get; init; } = 10000;

    [Describe("what a token is charged for: k1 (log ratio; not in the loss), k2 (half its square) or k3; empty: k1 in the reward, k3 in the loss")]
    public KlEstimator? Estimator { get; init; }

    [Describe("reward: taken off each token's reward; loss: added to the loss; empty: as the algorithm has it (grpo and its kin: loss, others: reward)")]
    public KlPlacement? Placement { get; init; }
}
