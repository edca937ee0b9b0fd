using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// One layer: x + attention(norm(x)), then x + feedforward(norm(x)); or both from the same x, in parallel; or with norms
/// behind attention and feed-forward, instead or as well.
/// </summary>
internal sealed class Block : WeightModule
{
    private readonly Norm? _attentionNorm;
    private readonly Norm? _attentionEndNorm;
    private readonly Norm? _feedForwardNorm;
    private readonly Norm? _feedForwardEndNorm;
    private readonly bool _parallel;
    private readonly double _residualScale;

    internal Block(ParameterSource source, TransformerConfig config, int layer) : base(nameof(Block))
    {
        _parallel = config.ParallelResidual;
        _residualScale = config.ResidualScale;
        Attention = new Attention(source.In("attention"), config, layer);
        FeedForward = new FeedForward(source.In("feedforward"), config);
        var (before, behind) = (config.NormPlacement != NormPlacement.Behind, config.NormPlacement != NormPlacement.Before);
        _attentionNorm = NormOf("attention_norm", before);
        register_module("attention", Attention);
        _attentionEndNorm = NormOf("attention_end_norm", behind);
        _feedForwardNorm = NormOf("feedforward_norm", before);
        register_module("feedforward", FeedForward);
        _feedForwardEndNorm = NormOf("feedforward_end_norm", behind);

        Norm? NormOf(string name, bool has)
        {
            if (!has) return null;
            var norm = new Norm(source, name, config);
            register_module(name, norm);
            return norm;
        }
    }

    public Attention Attention { get; }

    public FeedForward FeedForward { get; }

    /// <summary>As kernels take it, where they serve the shape.</summary>
    internal LayerWeights Weights() => new()
    {
        AttentionNorm = _attentionNorm!.Weights(), QueryKeyValue = Attention.QueryKeyValue.Weights(), Output = Attention.Output.Weights(),
        FeedForwardNorm = _feedForwardNorm!.Weights(), Up = FeedForward.Up.Weights(), Down = FeedForward.Down.Weights(),
    };

    /// <summary>[B·S, D] → [B·S, D], or [N, D] at the places [N] that are asked for: other rows give their keys and values alone.</summary>
    internal Tensor Apply(Tensor rows, AttentionShape shape, CacheRows? cache, Tensor? places)
    {
        // Without gradients the layers' inner values would add up to what a backward pass keeps.
        using var scope = NewDisposeScope();
        var mixed = Attention.Mix(Normed(_attentionNorm, rows), shape, cache);
        if (places is not null) (rows, mixed) = (rows.index_select(0, places), mixed.index_select(0, places));
        var attended = Joined(rows, residual => Attention.Output.Apply(mixed, residual), _attentionEndNorm);
        var read = Normed(_feedForwardNorm, _parallel ? rows : attended);
        return Joined(attended, residual => FeedForward.Apply(read, residual), _feedForwardEndNorm).MoveToOuterDisposeScope();
    }

    /// <summary>stream + scale·norm(branch), in one operator where there is neither.</summary>
    private Tensor Joined(Tensor stream, Func<Tensor?, Tensor> branch, Norm? norm)
    {
        if (norm is null && _residualScale == 1) return branch(stream);
        var value = Normed(norm, branch(null));
        return _residualScale == 1 ? stream.Plus(value) : stream.add(value, Number.Of(_residualScale));
    }

    private static Tensor Normed(Norm? norm, Tensor rows) => norm is null ? rows : norm.Apply(rows);
}
