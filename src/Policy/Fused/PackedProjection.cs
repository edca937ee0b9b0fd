using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>A projection's weight in the layouts that products read, kept as long as the weight stays what it was.</summary>
/// <param name="outputs">where W's rows stand in the chunks of y</param>
/// <param name="inputs">where W's columns stand in the chunks of x</param>
/// <param name="isNarrow">whether products are of bfloat16</param>
internal sealed unsafe class PackedProjection(ChunkMap outputs, ChunkMap inputs, bool isNarrow) : IDisposable
{
    private readonly NativeBuffer _bias = new(outputs.Count * Panels.Chunk);
    private PackedMatrix? _forward;
    private PackedMatrix? _backward;
    private ulong? _forwardKey;
    private ulong? _backwardKey;

    public ChunkMap Outputs { get; } = outputs;

    public ChunkMap Inputs { get; } = inputs;

    public bool IsNarrow { get; } = isNarrow;

    /// <summary>Wᵀ.</summary>
    public PackedMatrix Forward => _forward!;

    /// <summary>W.</summary>
    public PackedMatrix Backward => _backward!;

    public float* Bias => _bias.Data;

    /// <summary>Takes these weights from now on; what has to be laid out anew for them is added to the list.</summary>
    /// <param name="weights">contiguous, on the CPU</param>
    /// <param name="backward">whether the backward pass will be wanted</param>
    /// <param name="packing">the list</param>
    public void Take(ProjectionWeights weights, bool backward, Packing packing)
    {
        if (_forwardKey != weights.Key)
        {
            _forward ??= new PackedMatrix(Inputs.Count * Panels.Chunk, Outputs.Count * Panels.Chunk, IsNarrow);
            packing.Add(this, weights.Weight, _forward.PanelCount, isBackward: false);
            Pack.Row(packing.Floats(weights.Bias), Outputs, Bias);
            _forwardKey = weights.Key;
        }

        if (!backward || _backwardKey == weights.Key) return;
        _backward ??= new PackedMatrix(Outputs.Count * Panels.Chunk, Inputs.Count * Panels.Chunk, IsNarrow);
        packing.Add(this, weights.Weight, _backward.PanelCount, isBackward: true);
        _backwardKey = weights.Key;
    }

    /// <summary>One of the tasks that <see cref="Take"/> found.</summary>
    public void Lay(PackTask task)
    {
        var to = task.IsBackward ? _backward! : _forward!;
        var at = IsNarrow ? Scratch.Take((long)PackedMatrix.Width * to.Inner) : to.Panel(task.Panel);
        if (task.IsBackward) Pack.Straight((float*)task.Weight, Outputs, Inputs, task.Panel, at);
        else Pack.Transposed((float*)task.Weight, Outputs, Inputs, task.Panel, at);
        for (var half = 0; IsNarrow && half < 2; half++) Narrow.Pairs(at + half * Panels.Chunk, PackedMatrix.Width, to.Inner, to.NarrowChunk(2 * task.Panel + half));
    }

    public void Dispose()
    {
        _bias.Dispose();
        _forward?.Dispose();
        _backward?.Dispose();
    }
}
