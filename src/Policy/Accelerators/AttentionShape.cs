using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

/// <summary>What attention over fused rows [B·S, (H + 2·Hkv)·Dh] needs to know beside them.</summary>
public sealed class AttentionShape
{
    /// <summary>B.</summary>
    public required long Batch { get; init; }

    /// <summary>S, the queries of each sequence.</summary>
    public required long Length { get; init; }

    public required int Heads { get; init; }

    /// <summary>Hkv, the heads of keys and values.</summary>
    public required int SharedHeads { get; init; }

    public required int HeadWidth { get; init; }

    /// <summary>Keys further back are not seen.</summary>
    public int? Window { get; init; }

    /// <summary>[B, columns] bool, true for real tokens; null where all are.</summary>
    public Tensor? Real { get; init; }

    /// <summary>[B, S] int64; null where they are 0, 1, 2, … in every row.</summary>
    public Tensor? Positions { get; init; }

    /// <summary>
    /// With a cache, in which a token's column is its position: the column [B] int64 that each sequence's first query
    /// takes; null where all begin at 0.
    /// </summary>
    public Tensor? Starts { get; init; }

    /// <summary>With <see cref="Starts"/>: columns that the longest sequence takes.</summary>
    public long Columns { get; init; }

    /// <summary>[positions, half] float32, null where nothing is turned.</summary>
    public Tensor? Cosines { get; init; }

    public Tensor? Sines { get; init; }

    /// <summary>Row numbers [B, 1] and mask over a cache: made by the first layer of a pass for all of them.</summary>
    internal (Tensor Rows, Tensor Bias)? CachePlaces { get; set; }

    public double Scale => 1 / Math.Sqrt(HeadWidth);

    /// <summary>What attention reads beside the rows, where nothing is cached.</summary>
    public IReadOnlyList<Tensor?> Tensors => [Real, Positions, Cosines, Sines];

    /// <summary>The same shape with these in place of its <see cref="Tensors"/>.</summary>
    public AttentionShape Over(IReadOnlyList<Tensor?> tensors) => new()
    {
        Batch = Batch, Length = Length, Heads = Heads, SharedHeads = SharedHeads, HeadWidth = HeadWidth, Window = Window, Columns = Columns,
        Real = tensors[0], Positions = tensors[1], Cosines = tensors[2], Sines = tensors[3],
    };
}
