using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// The policy that divergence is measured from: a copy of its own, without gradients, or the policy itself without its
/// adapters. It stands still unless the recipe lets a copy follow the policy, slowly (an exponential moving average) or
/// at intervals (a reset).
/// </summary>
internal sealed class Reference(CausalLm model, ReferenceRecipe recipe, Offload? offload = null)
{
    public CausalLm Model { get; } = model;

    /// <summary>Whether it changes in the course of a run, and so belongs into its checkpoints.</summary>
    public bool Moves => recipe.Ema > 0 || recipe.ResetEvery > 0;

    /// <summary>What a policy is to be measured from: its own frozen base where it has adapters, else a copy.</summary>
    public static CausalLm Of(CausalLm policy) => policy.Trunk.Adapter is null ? Frozen(policy) : policy;

    /// <summary>For as long as the model is computed with; null where it is always at hand.</summary>
    public IDisposable? Use() => offload?.Use();

    /// <summary>[N,D] hidden states that predict the response tokens</summary>
    public Tensor Hidden(ResponseBatch tokens)
    {
        using var off = Model.Trunk.Adapter?.Off();
        return Model.Trunk.HiddenAt(tokens.Tokens, tokens.Predicting);
    }

    /// <summary>A copy without gradients that shares no storage with the original.</summary>
    public static CausalLm Frozen(CausalLm original)
    {
        var copy = ModelCopy.Of(original);
        foreach (var weight in copy.parameters()) weight.requires_grad = false;
        return copy;
    }

    /// <param name="policy">as it stands after an update</param>
    /// <param name="stepsDone">steps done so far, that one included</param>
    public void Follow(CausalLm policy, long stepsDone)
    {
        if (recipe.Ema > 0) Move(policy, recipe.Ema);
        if (recipe.ResetEvery > 0 && stepsDone % recipe.ResetEvery == 0) Move(policy, 1);
    }

    /// <summary>ρ ← ρ + share·(π − ρ), in weights</summary>
    private void Move(CausalLm policy, double share)
    {
        using var off = no_grad();
        using var present = Use();
        using var scope = NewDisposeScope();
        foreach (var (mine, theirs) in Model.parameters().Zip(policy.parameters()))
            if (share == 1) mine.copy_(theirs);
            else mine.add_(theirs - mine, Number.Of(share));
    }
}
