using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    /// <summary>Rows [N] of a table [M, D].</summary>
    public static Tensor Rows(Tensor table, Tensor places) => TransformerKernels.Take(table) ? TransformerKernels.Rows(table, places) : table.index_select(0, places);

    /// <summary>rows·weightᵀ + bias + residual.</summary>
    public static Tensor Linear(Tensor rows, Tensor weight, Tensor? bias, Tensor? residual) => TransformerKernels.Take(rows)
        ? TransformerKernels.Linear(rows, weight, bias, residual)
        : ComposedLayers.Linear(rows, weight, bias, residual);

    /// <summary>x·½(1 + tanh(√(2/π)(x + 0.044715x³))), the form GPT-2 was trained with.</summary>
    public static Tensor GeluTanh(Tensor input) => TransformerKernels.Take(input) ? TransformerKernels.Gelu(input) : Libtorch.GeluTanh(input);

    /// <summary>silu(gate)·up of rows [gate | up].</summary>
    public static Tensor SwiGlu(Tensor rows) => TransformerKernels.Take(rows) ? TransformerKernels.SwiGlu(rows) : ComposedLayers.SwiGlu(rows);

    /// <summary>Layer norm over rows; RMS norm where there is no bias.</summary>
    public static Tensor Norm(Tensor rows, Tensor weight, Tensor? bias, double epsilon) => TransformerKernels.Take(rows)
        ? TransformerKernels.Norm(rows, weight, bias, epsilon)
        : ComposedLayers.Norm(rows, weight, bias, epsilon);

    /// <summary>Causal attention of fused rows [B·S, (H + 2·Hkv)·Dh] within each sequence: [B·S, H·Dh].</summary>
    public static Tensor Attention(Tensor rows, AttentionShape shape) => TransformerKernels.Take(rows)
        ? TransformerKernels.Attention(rows, shape.Batch, shape.Heads, shape.SharedHeads, shape.Scale, shape.Real, shape.Positions, shape.Window ?? 0, shape.Cosines, shape.Sines)
        : ComposedLayers.Attention(rows, shape);

    /// <summary>
    /// The same over a cache [B, Hkv, capacity, Dh] that takes the new keys and values, each sequence from
    /// <see cref="AttentionShape.Starts"/> on. The rows may be overwritten.
    /// </summary>
    public static Tensor CachedAttention(Tensor rows, Tensor keys, Tensor values, AttentionShape shape)
    {
        if (!TransformerKernels.Take(rows)) return ComposedLayers.CachedAttention(rows, keys, values, shape);
        TransformerKernels.Append(rows, keys, values, shape.Starts, shape.Heads, shape.Cosines, shape.Sines);
        // A whole prompt is a product of matrices; single tokens are a walk over the cache.
        return shape.Starts is null
            ? TransformerKernels.Attention(rows, shape.Batch, shape.Heads, shape.SharedHeads, shape.Scale, null, null, shape.Window ?? 0, null, null)
            : TransformerKernels.CachedAttention(rows, keys, values, shape.Starts, shape.Heads, shape.Scale, shape.Window ?? 0);
    }
}
