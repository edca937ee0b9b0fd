using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>One layer: x + attention(norm(x)), then x + feedforward(norm(x)); or both from the same x, in parallel.</summary>
public sealed class Block : WeightModule
{
    private readonly Norm _attentionNorm;
    private readonly Norm _feedForwardNorm;
    private readonly bool _parallel;

    internal Block(ParameterSource source, TransformerConfig config, int layer) : base(nameof(Block))
    {
        _parallel = config.ParallelResidual;
        _attentionNorm = new Norm(source, "attention_norm", config);
        Attention = new Attention(source.In("attention"), config, layer);
        _feedForwardNorm = new Norm(source, "feedforward_norm", config);
        FeedForward = new FeedForward(source.In("feedforward"), config);
        register_module("attention_norm", _attentionNorm);
        register_module("attention", Attention);
        register_module("feedforward_norm", _feedForwardNorm);
        register_module("feedforward", FeedForward);
    }

    public Attention Attention { get; }

    public FeedForward FeedForward { get; }

    /// <summary>As kernels take it.</summary>
    internal LayerWeights Weights() => new()
    {
        AttentionNorm = _attentionNorm.Weights(), QueryKeyValue = Attention.QueryKeyValue.Weights(), Output = Attention.Output.Weights(),
        FeedForwardNorm = _feedForwardNorm.Weights(), Up = FeedForward.Up.Weights(), Down = FeedForward.Down.Weights(),
    };

    /// <summary>[B·S, D] → [B·S, D], or [N, D] at the places [N] that are asked for: other rows give their keys and values alone.</summary>
    internal Tensor Apply(Tensor rows, AttentionShape shape, CacheRows? cache, Tensor? places)
    {
        // Without gradients the layers' inner values would add up to what a backward pass keeps.
        using var scope = NewDisposeScope();
        var mixed = Attention.Mix(_attentionNorm.Apply(rows), shape, cache);
        if (places is not null) (rows, mixed) = (rows.index_select(0, places), mixed.index_select(0, places));
        var attended = Attention.Output.Apply(mixed, rows);
        return FeedForward.Apply(_feedForwardNorm.Apply(_parallel ? rows : attended), attended).MoveToOuterDisposeScope();
    }
}
