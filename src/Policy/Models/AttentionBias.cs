using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>Additive masks: 0 where a query may see a key, −∞ where not.</summary>
internal static class AttentionBias
{
    /// <summary>
    /// A query sees the real keys before it, as far as the window reaches, and always itself: so a row of scores of
    /// padding is never empty. [S, S] where nothing is padded, [B, 1, 1, S, S] otherwise, null for a single token.
    /// </summary>
    public static Tensor? Causal(TokenBatch batch, int? window, ScalarType type)
    {
        if (batch.Length == 1) return null;
        var columns = arange(batch.Length, dtype: ScalarType.Int64, device: batch.Tokens.device);
        var distance = columns.unsqueeze(1).sub(columns.unsqueeze(0)); // [S, S], query − key
        var hidden = distance.lt(0);
        if (window is { } reach) hidden = hidden.logical_or(distance.ge(reach));
        if (!batch.HasPadding) return Additive(hidden, type);
        var padding = batch.Mask.logical_not().unsqueeze(1).logical_and(distance.ne(0).unsqueeze(0)); // [B, S, S]
        return Additive(padding.logical_or(hidden.unsqueeze(0)), type).unsqueeze(1).unsqueeze(1);
    }

    public static Tensor Additive(Tensor hidden, ScalarType type) =>
        zeros(hidden.shape, type, hidden.device).masked_fill_(hidden, float.NegativeInfinity);
}
