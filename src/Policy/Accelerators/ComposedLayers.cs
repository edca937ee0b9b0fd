using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

/// <summary>The layers of a transformer from plain tensor operators: what runs on any device and with any build.</summary>
internal static class ComposedLayers
{
    public static Tensor Linear(Tensor rows, Tensor weight, Tensor? bias, Tensor? residual)
    {
        var product = nn.functional.linear(rows, weight, bias!);
        return residual is null ? product : product.Plus(residual);
    }

    /// <summary>Layer norm; RMS norm, whose mean of squares is taken in float32, where there is no bias.</summary>
    public static Tensor Norm(Tensor rows, Tensor weight, Tensor? bias, double epsilon)
    {
        if (bias is not null) return nn.functional.layer_norm(rows, [rows.shape[^1]], weight, bias, epsilon);
        var wide = rows.to(ScalarType.Float32);
        return wide.mul(wide.square().mean([-1], true).Plus(epsilon).rsqrt()).to(rows.dtype).mul(weight);
    }

    public static Tensor SwiGlu(Tensor rows)
    {
        var width = rows.shape[^1] / 2;
        return nn.functional.silu(rows.narrow(-1, 0, width)).mul(rows.narrow(-1, width, width));
    }

    /// <summary>Causal attention within each sequence.</summary>
    public static Tensor Attention(Tensor rows, AttentionShape shape)
    {
        var (queries, keys, values) = Split(rows, shape);
        return Whole(queries, keys.transpose(1, 2), values.transpose(1, 2), shape);
    }

    /// <summary>Attention over a cache [B, Hkv, capacity, Dh], to whose columns the new keys and values are written.</summary>
    public static Tensor CachedAttention(Tensor rows, Tensor keyCache, Tensor valueCache, AttentionShape shape)
    {
        var (queries, keys, values) = Split(rows, shape);
        if (shape.Starts is null)
        {
            keyCache.narrow(2, 0, shape.Length).copy_(keys.transpose(1, 2));
            valueCache.narrow(2, 0, shape.Length).copy_(values.transpose(1, 2));
            return Whole(queries, keys.transpose(1, 2), values.transpose(1, 2), shape);
        }

        // The first block makes them for all: they outlive its scope.
        var places = shape.CachePlaces ??= (Arithmetic.Range(shape.Batch, rows.device).unsqueeze(1).MoveToOuterDisposeScope(), Cached(shape, rows).MoveToOuterDisposeScope());
        var row = TensorIndex.Tensor(places.Rows);
        var column = TensorIndex.Tensor(shape.Positions!); // [B, S]
        keyCache.index_put_(keys, row, TensorIndex.Colon, column);
        valueCache.index_put_(values, row, TensorIndex.Colon, column);
        return Mix(queries, keyCache.narrow(2, 0, shape.Columns), valueCache.narrow(2, 0, shape.Columns), places.Bias, shape);
    }

    /// <summary>(a, b) → (a·cos − b·sin, b·cos + a·sin), a and b being the halves of what is turned of each head [B, S, heads, Dh].</summary>
    private static Tensor Turn(Tensor heads, AttentionShape shape)
    {
        if (shape.Cosines is null) return heads;
        var half = shape.Cosines.shape[1];
        var (cosines, sines) = (At(shape.Cosines, shape, heads), At(shape.Sines!, shape, heads));
        var (a, b) = (heads.narrow(-1, 0, half), heads.narrow(-1, half, half));
        var turned = new List<Tensor> { a.mul(cosines).sub(b.mul(sines)), b.mul(cosines).Plus(a.mul(sines)) };
        if (shape.HeadWidth > 2 * half) turned.Add(heads.narrow(-1, 2 * half, shape.HeadWidth - 2 * half));
        return cat(turned, -1);
    }

    // [B or 1, S, 1, half]
    private static Tensor At(Tensor table, AttentionShape shape, Tensor heads)
    {
        var rows = shape.Positions is { } positions ? table.index_select(0, positions.reshape(-1)) : table.narrow(0, 0, shape.Length);
        return rows.to(heads.dtype).view(-1, shape.Length, 1, table.shape[1]);
    }

    // Queries [B, S, H, Dh], keys and values [B, S, Hkv, Dh].
    private static (Tensor Queries, Tensor Keys, Tensor Values) Split(Tensor rows, AttentionShape shape)
    {
        var (heads, shared) = (shape.Heads, shape.SharedHeads);
        var all = rows.view(shape.Batch, shape.Length, heads + 2 * shared, shape.HeadWidth);
        var turned = Turn(all.narrow(2, 0, heads + shared), shape);
        return (turned.narrow(2, 0, heads), turned.narrow(2, heads, shared), all.narrow(2, heads + shared, shared));
    }

    // Keys and values [B, Hkv, S, Dh] of the queries' own sequences: one operator that holds no scores where there is one.
    private static Tensor Whole(Tensor queries, Tensor keys, Tensor values, AttentionShape shape)
    {
        if (!Accelerator.HasFusedAttention) return Mix(queries, keys, values, Causal(shape, queries), shape);
        var seen = AttentionMask.Seen(shape, queries.device);
        var mixed = Accelerator.FusedAttention(queries.transpose(1, 2), PerQuery(keys, shape), PerQuery(values, shape), seen, causal: seen is null, shape.Scale)!;
        return mixed.transpose(1, 2).reshape(shape.Batch * shape.Length, shape.Heads * shape.HeadWidth);
    }

    // [B, Hkv, S, Dh] → [B, H, S, Dh]: each group of query heads gets the keys it shares.
    private static Tensor PerQuery(Tensor heads, AttentionShape shape)
    {
        if (shape.Heads == shape.SharedHeads) return heads;
        return heads.unsqueeze(2).expand(shape.Batch, shape.SharedHeads, shape.Heads / shape.SharedHeads, shape.Length, shape.HeadWidth)
            .reshape(shape.Batch, shape.Heads, shape.Length, shape.HeadWidth);
    }

    // Query heads that share keys are stacked as rows of one matrix, so that keys are never repeated in memory.
    private static Tensor Mix(Tensor queries, Tensor keys, Tensor values, Tensor? bias, AttentionShape shape)
    {
        var (batch, length, shared, width, seen) = (shape.Batch, shape.Length, shape.SharedHeads, shape.HeadWidth, keys.shape[2]);
        long group = shape.Heads / shared;
        var q = queries.reshape(batch, length, shared, group, width).permute(0, 2, 3, 1, 4).reshape(batch * shared, group * length, width);
        var k = keys.reshape(batch * shared, seen, width).transpose(1, 2);
        var v = values.reshape(batch * shared, seen, width);
        var scores = bmm(q.mul(Number.Of(shape.Scale)), k); // [B·Hkv, G·S, K]
        if (bias is not null) scores = scores.view(batch, shared, group, length, seen).Plus(bias).view(batch * shared, group * length, seen);
        var mixed = bmm(scores.softmax(-1), v);
        return mixed.view(batch, shared, group, length, width).permute(0, 3, 1, 2, 4).reshape(batch * length, shared * group * width);
    }

    // [S, K], or [B, 1, 1, S, K] where sequences differ.
    private static Tensor? Causal(AttentionShape shape, Tensor rows)
    {
        if (shape.Length == 1) return null;
        var bias = Additive(AttentionMask.Hidden(shape, rows.device), rows);
        return bias.dim() == 2 ? bias : bias.unsqueeze(1).unsqueeze(1);
    }

    // [B, 1, 1, S, K] over a cache, in which columns are positions.
    private static Tensor Cached(AttentionShape shape, Tensor rows)
    {
        var distance = shape.Positions!.unsqueeze(2).sub(Arithmetic.Range(shape.Columns, rows.device));
        var hidden = distance.lt(Number.Of(0));
        if (shape.Window is { } window) hidden = hidden.logical_or(distance.ge(Number.Of(window)));
        return Additive(hidden, rows).unsqueeze(1).unsqueeze(1);
    }

    private static Tensor Additive(Tensor hidden, Tensor rows) =>
        zeros(hidden.shape, rows.dtype, rows.device).masked_fill_(hidden, Number.Of(float.NegativeInfinity));
}
