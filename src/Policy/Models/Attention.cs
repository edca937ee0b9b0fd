using Rlhf.Policies.Families;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>Causal self-attention, softmax(q·kᵀ/√Dh)·v, with queries, keys and values from one product.</summary>
public sealed class Attention : WeightModule
{
    private readonly int _layer;

    internal Attention(ParameterSource source, TransformerConfig config, int layer) : base(nameof(Attention))
    {
        _layer = layer;
        QueryKeyValue = new Projection(source, "qkv", config.Width, config.QueryKeyValueWidth, config.QueryKeyValueBias);
        Output = new Projection(source, "output", config.Heads * config.HeadWidth, config.Width, config.AttentionOutputBias);
        register_module("qkv", QueryKeyValue);
        register_module("output", Output);
    }

    /// <summary>Rows: all heads' queries, then all keys, then all values.</summary>
    public Projection QueryKeyValue { get; }

    public Projection Output { get; }

    /// <summary>Values mixed for each of the rows [B·S, D], as the output projection takes them.</summary>
    internal Tensor Mix(Tensor rows, AttentionShape shape, CacheRows? cache)
    {
        var fused = QueryKeyValue.Apply(rows);
        return cache is null ? SelfAttention.Whole(fused, shape) : SelfAttention.Cached(fused, cache.Layer(_layer), shape);
    }
}
