using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Operators;

/// <summary>
/// Attention as it is written, two batched products around a softmax: where scores are capped, c·tanh(q·kᵀ/(c·√Dh)), which libtorch's fused operator has
/// no room for, and in bfloat16 on a CPU, where that one multiplies head by head and each call costs more than its product.
/// </summary>
internal static class PlainAttention
{
    /// <summary>Queries up to which the scores [B, H, S, K] of all heads at once may stand in memory where they need not.</summary>
    private const long Longest = 256;

    /// <param name="like">has the type and the device of what is computed</param>
    /// <param name="length">S, the queries of each sequence</param>
    /// <param name="cap">c; null: none</param>
    public static bool Serves(Tensor like, long length, double? cap) => Serves(like.device_type == DeviceType.CPU && like.dtype == ScalarType.BFloat16, length, cap);

    public static bool Serves(bool isNarrowOnCpu, long length, double? cap) => cap is not null || (isNarrowOnCpu && length <= Longest);

    /// <summary>The mask [S, S] by which a query sees the keys up to its own.</summary>
    public static Tensor Causal(long length, Tensor like) => SelfAttention.Mask(Arithmetic.Range(length, like.device).unsqueeze(0), length, null, like)!;

    /// <summary>[B, H, S, Dh].</summary>
    /// <param name="queries">[B, H, S, Dh]</param>
    /// <param name="keys">[B, Hkv, K, Dh]</param>
    /// <param name="values">[B, Hkv, K, Dh]</param>
    /// <param name="mask">0 where a key is seen and −∞ where it is not; null where a query sees the keys up to its own</param>
    /// <param name="cap">c; null: none</param>
    public static Tensor Mix(Tensor queries, Tensor keys, Tensor values, Tensor? mask, double? cap)
    {
        long batch = queries.shape[0], heads = queries.shape[1], length = queries.shape[2], width = queries.shape[3], shared = keys.shape[1], seen = keys.shape[2];
        // The queries of a group look at the same keys: [B·Hkv, G·S, Dh].
        var grouped = queries.mul(Number.Of(1 / ((cap ?? 1) * Math.Sqrt(width)))).reshape(batch * shared, heads / shared * length, width);
        var scores = grouped.bmm(keys.reshape(batch * shared, seen, width).transpose(1, 2));
        if (cap is { } most) scores = scores.tanh().mul(Number.Of(most));
        var causal = mask ?? Causal(length, queries);
        var open = scores.view(batch, shared, heads / shared, length, seen).Plus(causal.dim() == 2 ? causal : causal.unsqueeze(2));
        var weights = open.softmax(-1);
        return weights.view(batch * shared, heads / shared * length, seen).bmm(values.reshape(batch * shared, seen, width)).view(batch, heads, length, width);
    }
}
