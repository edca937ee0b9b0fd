using static TorchSharp.torch;

namespace Rlhf.Policies.Operators;

/// <summary>What attention over fused rows [B·S, (H + 2·Hkv)·Dh] needs to know beside them.</summary>
internal sealed class AttentionShape
{
    /// <summary>B.</summary>
    public required long Batch { get; init; }

    /// <summary>S, the queries of each sequence.</summary>
    public required long Length { get; init; }

    public required int Heads { get; init; }

    /// <summary>Hkv, the heads of keys and values.</summary>
    public required int SharedHeads { get; init; }

    public required int HeadWidth { get; init; }

    /// <summary>
    /// With a cache, in which a token's column is its position: the columns [B, S] int64 that the queries take, and their
    /// positions; null where every row begins at 0.
    /// </summary>
    public Tensor? Columns { get; init; }

    /// <summary>[positions, half] float32, null where nothing is turned.</summary>
    public Tensor? Cosines { get; init; }

    public Tensor? Sines { get; init; }

    /// <summary>0 where a key is seen and −∞ where it is not, [S, S] or over a cache [B, 1, S, seen]; null where that is everything up to a query's own. See <see cref="SelfAttention.Mask"/>.</summary>
    public Tensor? Mask { get; init; }

    /// <summary>c: scores become c·tanh(scores/c); null: they stay.</summary>
    public double? Cap { get; init; }

    /// <summary>What attention reads beside the rows, where nothing is cached.</summary>
    public IReadOnlyList<Tensor?> Tensors => [Cosines, Sines, Mask];

    /// <summary>The same shape with these in place of its <see cref="Tensors"/>.</summary>
    public AttentionShape Over(IReadOnlyList<Tensor?> tensors) => new()
    {
        Batch = Batch, Length = Length, Heads = Heads, SharedHeads = SharedHeads, HeadWidth = HeadWidth, Cosines = tensors[0], Sines = tensors[1], Mask = tensors[2], Cap = Cap,
    };
}
