using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>Causal self-attention, softmax(s·q·kᵀ)·v, with queries, keys and values from one product; s is 1/√Dh but for families of their own mind.</summary>
internal sealed class Attention : WeightModule
{
    private readonly TransformerConfig _config;
    private readonly int _layer;
    private readonly Norm? _queryNorm;
    private readonly Norm? _keyNorm;

    internal Attention(ParameterSource source, TransformerConfig config, int layer) : base(nameof(Attention))
    {
        (_config, _layer) = (config, layer);
        QueryKeyValue = new Projection(source, "qkv", config.Width, config.QueryKeyValueWidth, config.QueryKeyValueBias);
        Output = new Projection(source, "output", config.Heads * config.HeadWidth, config.Width, config.AttentionOutputBias);
        register_module("qkv", QueryKeyValue);
        register_module("output", Output);
        if (config.QueryKeyNorm == QueryKeyNorm.None) return;
        register_module("query_norm", _queryNorm = new Norm(source, "query_norm", config, NormWidth(config.Heads)));
        register_module("key_norm", _keyNorm = new Norm(source, "key_norm", config, NormWidth(config.KeyValueHeads)));
    }

    /// <summary>Rows: all heads' queries, then all keys, then all values.</summary>
    public Projection QueryKeyValue { get; }

    public Projection Output { get; }

    /// <summary>Values mixed for each of the rows [B·S, D], as the output projection takes them.</summary>
    internal Tensor Mix(Tensor rows, AttentionShape shape, CacheRows? cache)
    {
        var fused = Prepared(QueryKeyValue.Apply(rows));
        return cache is null ? SelfAttention.Whole(fused, shape) : SelfAttention.Cached(fused, cache.Layer(_layer), shape);
    }

    // Attention divides by √Dh whatever the family says: the queries make up for it.
    private Tensor Prepared(Tensor fused)
    {
        if (_queryNorm is null && _config.AttentionScale is null) return fused;
        long queries = _config.Heads * _config.HeadWidth, keys = _config.KeyValueHeads * _config.HeadWidth;
        var parts = fused.split([queries, keys, keys], 1);
        var query = Normed(_queryNorm, parts[0]);
        if (_config.AttentionScale is { } scale) query = query.mul(Number.Of(scale * Math.Sqrt(_config.HeadWidth)));
        return cat([query, Normed(_keyNorm, parts[1]), parts[2]], 1);
    }

    private Tensor Normed(Norm? norm, Tensor rows) => norm is null ? rows
        : _config.QueryKeyNorm == QueryKeyNorm.Whole ? norm.Apply(rows) : norm.Apply(rows.reshape(-1, _config.HeadWidth)).view(rows.shape);

    private long NormWidth(int heads) => _config.QueryKeyNorm == QueryKeyNorm.Whole ? heads * _config.HeadWidth : _config.HeadWidth;
}
