using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>A head [V, D] in the layouts that products read, kept with the tensor as long as it stays what it was.</summary>
[SuppressMessage("Design", "CA1001", Justification = "It lives as long as the head's tensor, and its memory is freed with it.")]
internal sealed unsafe class PackedHead
{
    private static readonly ConditionalWeakTable<Tensor, PackedHead> s_known = [];

    private readonly PackedProjection _projection;

    private PackedHead(Tensor head)
    {
        Width = (int)head.shape[1];
        Vocabulary = (int)head.shape[0];
        _projection = new PackedProjection(ChunkMap.Plain(Vocabulary), ChunkMap.Plain(Width), head.dtype == ScalarType.BFloat16);
    }

    /// <summary>D.</summary>
    public int Width { get; }

    /// <summary>V.</summary>
    public int Vocabulary { get; }

    public bool IsNarrow => _projection.IsNarrow;

    public ChunkMap Columns => _projection.Outputs;

    public ChunkMap Inputs => _projection.Inputs;

    /// <summary>Headᵀ.</summary>
    public PackedMatrix Forward => _projection.Forward;

    /// <summary>The head itself.</summary>
    public PackedMatrix Backward => _projection.Backward;

    /// <summary>[V] zeros, and far below any logit where columns fill up a panel.</summary>
    public float* Bias => _projection.Bias;

    /// <param name="head">contiguous, on the CPU</param>
    /// <param name="backward">whether the backward pass will be wanted</param>
    public static PackedHead Of(Tensor head, bool backward) => s_known.GetValue(head, one => new PackedHead(one)).Take(head, backward);

    /// <summary>The same for a backward pass, whose tensor is another object over the same numbers: laid out anew only where they have changed.</summary>
    public PackedHead Take(Tensor head, bool backward)
    {
        lock (_projection)
        {
            using var packing = new Packing();
            _projection.Take(new ProjectionWeights(() => head, isMade: false, null, WeightKey.Of([head])), backward, packing);
            packing.Run();
            for (var column = Vocabulary; column < Panels.Padded(Vocabulary); column++) Bias[column] = SoftmaxRows.Hidden;
        }

        return this;
    }
}
