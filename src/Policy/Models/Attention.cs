using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// Causal self-attention, softmax(q·kᵀ/√Dh)·v, with queries, keys and values from one product. Query heads that share
/// a key-value head are stacked as rows of one matrix, so grouped keys are never repeated in memory.
/// </summary>
public sealed class Attention : nn.Module
{
    private readonly TransformerConfig _config;
    private readonly RotaryEmbedding? _rotary;
    private readonly int _layer;

    internal Attention(ParameterSource source, TransformerConfig config, RotaryEmbedding? rotary, int layer) : base(nameof(Attention))
    {
        _config = config;
        _rotary = rotary;
        _layer = layer;
        QueryKeyValue = new Projection(source, "qkv", config.Width, config.QueryKeyValueWidth, config.QueryKeyValueBias);
        Output = new Projection(source, "output", config.Heads * config.HeadWidth, config.Width, config.AttentionOutputBias);
        register_module("qkv", QueryKeyValue);
        register_module("output", Output);
    }

    /// <summary>Rows: all heads' queries, then all keys, then all values.</summary>
    public Projection QueryKeyValue { get; }

    public Projection Output { get; }

    /// <summary>[B·S, D] → [B·S, D].</summary>
    internal Tensor Apply(Tensor rows, AttentionPass pass)
    {
        int heads = _config.Heads, shared = _config.KeyValueHeads, width = _config.HeadWidth;
        var qkv = QueryKeyValue.Apply(rows).view(pass.Batch, pass.Length, heads + 2 * shared, width);
        var qk = qkv.narrow(2, 0, heads + shared);
        if (_rotary is not null) qk = _rotary.Turn(qk, pass.Cosines!, pass.Sines!);
        var (queries, keys, values) = (qk.narrow(2, 0, heads), qk.narrow(2, heads, shared), qkv.narrow(2, heads + shared, shared));
        if (pass.Cache is { } cache)
        {
            cache.Write(_layer, keys, values);
            (keys, values) = (cache.Keys(_layer), cache.Values(_layer));
        }
        else
        {
            (keys, values) = (keys.transpose(1, 2), values.transpose(1, 2));
        }

        return Output.Apply(Mix(queries, keys, values, pass.Bias));
    }

    // queries [B, S, H, Dh], keys and values [B, Hkv, K, Dh] → [B·S, H·Dh]
    private Tensor Mix(Tensor queries, Tensor keys, Tensor values, Tensor? bias)
    {
        long batch = queries.shape[0], length = queries.shape[1], width = _config.HeadWidth, seen = keys.shape[2];
        long shared = _config.KeyValueHeads, group = _config.Heads / shared;
        var q = queries.reshape(batch, length, shared, group, width).permute(0, 2, 3, 1, 4).reshape(batch * shared, group * length, width);
        var k = keys.reshape(batch * shared, seen, width).transpose(1, 2);
        var v = values.reshape(batch * shared, seen, width);
        var scores = bmm(q.mul(1 / Math.Sqrt(width)), k); // [B·Hkv, G·S, K]
        if (bias is not null) scores = scores.view(batch, shared, group, length, seen).add(bias).view(batch * shared, group * length, seen);
        var mixed = bmm(scores.softmax(-1), v);
        return mixed.view(batch, shared, group, length, width).permute(0, 3, 1, 2, 4).reshape(batch * length, shared * group * width);
    }
}
