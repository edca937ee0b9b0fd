using Rlhf.Maths;

namespace Rlhf.Ppo;

/// <summary>
/// The parts an algorithm is put together from. Each is what the recipe has where its own key is empty, so that any
/// part can be exchanged; what does not go together is refused by <see cref="PpoProblems"/>. docs/papers.md has the sources.
/// </summary>
/// <param name="Advantage">what tokens did better than expected</param>
/// <param name="Objective">the surrogate the policy climbs</param>
/// <param name="Averaging">how the losses of tokens become one number</param>
/// <param name="KlPlacement">where the divergence from the reference is charged</param>
internal sealed record Method(Advantage Advantage, PolicyObjective Objective, LossAveraging Averaging, KlPlacement KlPlacement)
{
    private static readonly Dictionary<Algorithm, Method> s_all = new()
    {
        [Algorithm.Ppo] = new(Advantage.Gae, PolicyObjective.Clip, LossAveraging.Token, KlPlacement.Reward) { Whitens = true },
        [Algorithm.Grpo] = new(Advantage.Group, PolicyObjective.Clip, LossAveraging.Sequence, KlPlacement.Loss),
        [Algorithm.DrGrpo] = new(Advantage.GroupMean, PolicyObjective.Clip, LossAveraging.Constant, KlPlacement.Loss),
        [Algorithm.Gspo] = new(Advantage.Group, PolicyObjective.SequenceClip, LossAveraging.Sequence, KlPlacement.Loss),
        [Algorithm.Cispo] = new(Advantage.Group, PolicyObjective.ClippedWeight, LossAveraging.Token, KlPlacement.Loss),
        [Algorithm.Rloo] = new(Advantage.LeaveOneOut, PolicyObjective.Clip, LossAveraging.Token, KlPlacement.Reward),
        [Algorithm.ReinforcePlusPlus] = new(Advantage.RewardsToGo, PolicyObjective.Clip, LossAveraging.Token, KlPlacement.Reward) { Whitens = true },
        [Algorithm.Distillation] = new(Advantage.RewardsToGo, PolicyObjective.Clip, LossAveraging.Token, KlPlacement.Reward) { KlCoefficient = 0 },
    };

    /// <summary>Centre and scale advantages over the batch.</summary>
    public bool Whitens { get; init; }

    /// <summary>The first β.</summary>
    public double KlCoefficient { get; init; } = 0.1;

    public static Method Of(Algorithm algorithm) => s_all[algorithm];
}
