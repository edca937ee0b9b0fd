using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>A transformer with a language-model head.</summary>
public sealed class CausalLm : WeightModule
{
    /// <summary>The name of an output matrix of its own, and what the trunk's names begin with.</summary>
    internal const string HeadName = "head", TrunkPrefix = "trunk.";

    public CausalLm(TransformerConfig config, ParameterSource source) : base(nameof(CausalLm))
    {
        Trunk = new Transformer(config, source.In("trunk"));
        register_module("trunk", Trunk);
        if (config.TiedHead) return;
        Keep(HeadName, source(HeadName, [config.Vocabulary, config.Width]));
    }

    public TransformerConfig Config => Trunk.Config;

    public Transformer Trunk { get; }

    /// <summary>[V, D], the token embedding where the head is tied.</summary>
    public Parameter HeadWeight => Config.TiedHead ? Trunk.Embedding : Kept(HeadName);

    /// <summary>What makes logits of hidden states.</summary>
    internal OutputHead Head => new(HeadWeight, Config.LogitCap);

    /// <summary>A model with random weights as GPT-2 is initialised, the same for the same seed.</summary>
    public static CausalLm Create(TransformerConfig config, long seed) =>
        new(config.Validated("model"), new RandomParameters(config, seed).Draw);

    /// <summary>[.., D] → [.., V].</summary>
    public Tensor Logits(Tensor hidden)
    {
        var shape = hidden.shape;
        var flat = hidden.reshape(-1, shape[^1]);
        var rows = KernelRule.ServesModel(HeadWeight) && !(is_grad_enabled() && (flat.requires_grad || HeadWeight.requires_grad)) ? HeadProducts.Logits(flat, HeadWeight) : Layers.Linear(flat, HeadWeight, null, null);
        if (Config.LogitCap is not null) rows = Head.Capped(rows);
        return rows.view([.. shape[..^1], rows.shape[1]]);
    }
}
