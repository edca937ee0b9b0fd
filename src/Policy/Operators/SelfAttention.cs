using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Operators;

/// <summary>Causal attention, softmax(q·kᵀ/√Dh)·v, over rows that hold queries, keys and values side by side.</summary>
internal static class SelfAttention
{
    /// <summary>Within each sequence: every query sees the keys before it, as far as the window reaches, and its own.</summary>
    public static Tensor Whole(Tensor rows, AttentionShape shape)
    {
        var (queries, keys, values) = Split(rows, shape);
        return Mix(queries, keys.transpose(1, 2), values.transpose(1, 2), shape.Mask, shape);
    }

    /// <summary>Over a cache [B, 2·Hkv, capacity, Dh], keys before values, to whose columns the new ones are written.</summary>
    public static Tensor Cached(Tensor rows, Tensor cache, AttentionShape shape)
    {
        var (shared, heads) = (shape.SharedHeads, Turned(rows, shape));
        var (queries, newest) = (heads.narrow(2, 0, shape.Heads), heads.narrow(2, shape.Heads, 2 * shared).transpose(1, 2)); // [B, 2·Hkv, S, Dh]
        if (shape.Columns is null)
        {
            cache.narrow(2, 0, shape.Length).copy_(newest);
            return Mix(queries, newest.narrow(1, 0, shared), newest.narrow(1, shared, shared), shape.Mask, shape);
        }

        cache.scatter_(2, shape.Columns.view(shape.Batch, 1, shape.Length, 1).expand(newest.shape), newest);
        var seen = cache.narrow(2, 0, shape.Mask!.shape[^1]);
        return Mix(queries, seen.narrow(1, 0, shared), seen.narrow(1, shared, shared), shape.Mask, shape);
    }

    /// <summary>Which keys the queries at these columns [B, S] see of so many, or of their own sequence where there are none: for <see cref="AttentionShape.Mask"/>.</summary>
    /// <returns>0 where a key is seen, −∞ where it is not: each layer would have to make that of a mask of flags.</returns>
    public static Tensor? Mask(Tensor? columns, long seen, int? window, Tensor like)
    {
        if (columns is not null) return Seen(columns.unsqueeze(2).sub(Arithmetic.Range(seen, like.device)), window, like).unsqueeze(1);
        return window is null || window >= seen ? null : Seen(Arithmetic.Range(seen, like.device).unsqueeze(1).sub(Arithmetic.Range(seen, like.device)), window, like);
    }

    // Queries [B, S, H, Dh], keys and values [B, S, Hkv, Dh]. Split, and not narrowed one by one: gradients come back as one piece.
    private static (Tensor Queries, Tensor Keys, Tensor Values) Split(Tensor rows, AttentionShape shape)
    {
        var parts = Turned(rows, shape).split([shape.Heads, shape.SharedHeads, shape.SharedHeads], 2);
        return (parts[0], parts[1], parts[2]);
    }

    /// <summary>
    /// All heads [B, S, H + 2·Hkv, Dh], those of queries and keys turned: (a, b) → (a·cos − b·sin, b·cos + a·sin), a and b being the
    /// halves of what is turned of each.
    /// </summary>
    private static Tensor Turned(Tensor rows, AttentionShape shape)
    {
        var all = rows.view(shape.Batch, shape.Length, shape.Heads + 2 * shape.SharedHeads, shape.HeadWidth);
        if (shape.Cosines is null) return all;
        var parts = all.split([shape.Heads + shape.SharedHeads, shape.SharedHeads], 2);
        var half = shape.Cosines.shape[1];
        var pieces = parts[0].split([half, half, shape.HeadWidth - 2 * half], 3);
        var (cosines, sines) = (At(shape.Cosines, shape, rows), At(shape.Sines!, shape, rows));
        var (a, b) = (pieces[0], pieces[1]);
        var turned = cat([a.mul(cosines).sub(b.mul(sines)), b.mul(cosines).Plus(a.mul(sines)), pieces[2]], 3);
        return cat([turned, parts[1]], 2);
    }

    // [B or 1, S, 1, half]
    private static Tensor At(Tensor table, AttentionShape shape, Tensor rows)
    {
        var angles = shape.Columns is { } columns ? table.index_select(0, columns.reshape(-1)) : table.narrow(0, 0, shape.Length);
        return angles.to(rows.dtype).view(-1, shape.Length, 1, table.shape[1]);
    }

    /// <param name="distance">from a key to the query that looks at it</param>
    private static Tensor Seen(Tensor distance, int? window, Tensor like)
    {
        var hidden = distance.lt(Number.Of(0L));
        if (window is { } reach) hidden = hidden.logical_or(distance.ge(Number.Of((long)reach)));
        return zeros(hidden.shape, like.dtype, like.device).masked_fill_(hidden, Number.Of(double.NegativeInfinity));
    }

    // Keys and values [B, Hkv, K, Dh]; without a mask a query sees the keys up to its own.
    private static Tensor Mix(Tensor queries, Tensor keys, Tensor values, Tensor? mask, AttentionShape shape)
    {
        if (PlainAttention.Serves(queries, shape.Length, shape.Cap)) return PlainAttention.Mix(queries.transpose(1, 2), keys, values, mask, shape.Cap).transpose(1, 2).reshape(shape.Batch * shape.Length, shape.Heads * shape.HeadWidth);
        var mixed = new OperatorCall("aten::scaled_dot_product_attention", "", stackalloc ulong[8])
            .With(queries.transpose(1, 2)).With(keys).With(values).WithOptional(mask).With(0.0).With(mask is null && shape.Length > 1)
            .WithNone().With(shape.Heads != shape.SharedHeads).RunForTensor();
        return mixed.transpose(1, 2).reshape(shape.Batch * shape.Length, shape.Heads * shape.HeadWidth);
    }
}
