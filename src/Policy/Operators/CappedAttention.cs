using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Operators;

/// <summary>Attention whose scores are capped, c·tanh(q·kᵀ/(c·√Dh)), which libtorch's own has no room for.</summary>
internal static class CappedAttention
{
    /// <summary>[B, H, S, Dh].</summary>
    /// <param name="queries">[B, H, S, Dh]</param>
    /// <param name="keys">[B, Hkv, K, Dh]</param>
    /// <param name="values">[B, Hkv, K, Dh]</param>
    /// <param name="mask">0 where a key is seen and −∞ where it is not; null where a query sees the keys up to its own</param>
    public static Tensor Mix(Tensor queries, Tensor keys, Tensor values, Tensor? mask, double cap)
    {
        long batch = queries.shape[0], heads = queries.shape[1], length = queries.shape[2], width = queries.shape[3], shared = keys.shape[1], seen = keys.shape[2];
        // The queries of a group look at the same keys: [B·Hkv, G·S, Dh].
        var grouped = queries.reshape(batch * shared, heads / shared * length, width);
        var scores = grouped.bmm(keys.reshape(batch * shared, seen, width).transpose(1, 2)).mul(Number.Of(1 / (cap * Math.Sqrt(width)))).tanh().mul(Number.Of(cap));
        var causal = mask ?? SelfAttention.Mask(Arithmetic.Range(length, queries.device).unsqueeze(0), seen, null, queries)!;
        var open = scores.view(batch, shared, heads / shared, length, seen).Plus(causal.dim() == 2 ? causal : causal.unsqueeze(2));
        var weights = open.softmax(-1, ScalarType.Float32).to(queries.dtype);
        return weights.view(batch * shared, heads / shared * length, seen).bmm(values.reshape(batch * shared, seen, width)).view(batch, heads, length, width);
    }
}
