using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// The policy that divergence is measured from: a copy of its own, without gradients, or the policy itself without its
/// adapters. It stands still unless the recipe lets a copy follow the policy, slowly (an exponential moving average) or
/// at intervals (a reset).
/// </summary>
internal sealed class Reference(CausalLm model, ReferenceRecipe recipe, Offload? offload = null)
{
    // Float32 weights of a narrower model that follows by small shares: it has no bits for them.
    private readonly Dictionary<string, Tensor> _wide = recipe.Ema > 0
        ? model.named_parameters().Where(one => one.parameter.dtype != ScalarType.Float32).ToDictionary(one => one.name, one => one.parameter.detach().to(ScalarType.Float32).DetachFromDisposeScope())
        : [];

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

    /// <summary>All of it, for a checkpoint.</summary>
    public void Save(string path) => StateFile.Save(path, Model.named_parameters().ToDictionary(one => one.name, one => _wide.GetValueOrDefault(one.name, one.parameter)));

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public void Load(string path)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        StateFile.Load(path, Model);
        if (_wide.Count == 0) return;
        var saved = StateFile.Load(path);
        foreach (var (name, weight) in _wide) weight.copy_(saved[name]);
    }

    /// <summary>ρ ← ρ + share·(π − ρ), in weights</summary>
    private void Move(CausalLm policy, double share)
    {
        using var off = no_grad();
        using var present = Use();
        using var scope = NewDisposeScope();
        foreach (var ((name, mine), theirs) in Model.named_parameters().Zip(policy.parameters()))
        {
            var exact = _wide.GetValueOrDefault(name, mine);
            if (share == 1) exact.copy_(theirs);
            else exact.add_(theirs.to(exact.device).to(exact.dtype) - exact, Number.Of(share));
            if (!ReferenceEquals(exact, mine)) mine.copy_(exact);
        }
    }
}
