using Rlhf.Foundation.Recipes;

namespace Rlhf.Ppo;

/// <summary>The policy that divergence is measured from.</summary>
public sealed record ReferenceRecipe
{
    [Describe("folder of the reference; empty: the policy as it starts"), Input]
    public string? Model { get; init; }

    [Describe("after each step the reference moves this share of the way to the policy; 0: it is frozen")]
    [AtLeast(0)]
    [Below(1)]
    public double Ema { get; init; }

    [Describe("the reference becomes a copy of the policy every so many steps; 0: never")]
    [AtLeast(0)]
    public int ResetEvery { get; init; }

    [Describe("its weights stand in host memory and are on the GPU only while it judges a rollout: less GPU memory for two copies a step, the same numbers")]
    [MayChangeOnResume]
    public bool Offload { get; init; }
}
