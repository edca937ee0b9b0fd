using Rlhf.Foundation.Recipes;

namespace Rlhf.Policies.Models;

/// <summary>Low-rank adaptation (Hu et al. 2021): chosen matrices become W + alpha/rank·B·A, and only A and B learn.</summary>
[Describe("low-rank adapters: the model is frozen and small matrices beside its own learn")]
public sealed record LoraRecipe
{
    [Describe("rank of the adapters; 0: none, all weights learn"), AtLeast(0)]
    public int Rank { get; init; }

    [Describe("the adapters' product is scaled by alpha / rank"), Above(0)]
    public double Alpha { get; init; } = 16;

    [Describe("modules that get an adapter, by their names in the checkpoint, as in [q_proj, v_proj]; empty: every matrix of the layers")]
    public IReadOnlyList<string> Targets { get; init; } = [];

    public bool IsOn => Rank > 0;

    internal double Scale => Alpha / Rank;
}
