using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>A projection's weight in the layouts that products read, kept as long as the weight stays what it was.</summary>
/// <param name="outputs">where W's rows stand in the chunks of y</param>
/// <param name="inputs">where W's columns stand in the chunks of x</param>
internal sealed unsafe class PackedProjection(ChunkMap outputs, ChunkMap inputs) : IDisposable
{
    private readonly NativeBuffer _bias = new(outputs.Count * Panels.Chunk);
    private PackedMatrix? _forward;
    private PackedMatrix? _backward;
    private ulong? _forwardKey;
    private ulong? _backwardKey;

    public ChunkMap Outputs { get; } = outputs;

    public ChunkMap Inputs { get; } = inputs;

    /// <summary>Wᵀ.</summary>
    public PackedMatrix Forward => _forward!;

    /// <summary>W.</summary>
    public PackedMatrix Backward => _backward!;

    public float* Bias => _bias.Data;

    /// <summary>Takes these weights from now on; what has to be laid out anew for them is added to the list.</summary>
    /// <param name="weights">contiguous, float32, on the CPU</param>
    /// <param name="backward">whether the backward pass will be wanted</param>
    /// <param name="tasks">panels to lay out</param>
    public void Take(ProjectionWeights weights, bool backward, List<PackTask> tasks)
    {
        if (_forwardKey != weights.Key)
        {
            _forward ??= new PackedMatrix(Inputs.Count * Panels.Chunk, Outputs.Count * Panels.Chunk);
            for (var panel = 0; panel < _forward.PanelCount; panel++) tasks.Add(new PackTask(this, weights.Weight, panel, false));
            Pack.Row(weights.Bias is { } bias ? bias.Floats() : null, Outputs, Bias);
            _forwardKey = weights.Key;
        }

        if (!backward || _backwardKey == weights.Key) return;
        _backward ??= new PackedMatrix(Outputs.Count * Panels.Chunk, Inputs.Count * Panels.Chunk);
        for (var panel = 0; panel < _backward.PanelCount; panel++) tasks.Add(new PackTask(this, weights.Weight, panel, true));
        _backwardKey = weights.Key;
    }

    /// <summary>One of the tasks that <see cref="Take"/> found.</summary>
    public void Lay(PackTask task)
    {
        if (task.IsBackward) Pack.Straight(task.Weight.Floats(), Outputs, Inputs, _backward!, task.Panel);
        else Pack.Transposed(task.Weight.Floats(), Outputs, Inputs, _forward!, task.Panel);
    }

    public void Dispose()
    {
        _bias.Dispose();
        _forward?.Dispose();
        _backward?.Dispose();
    }
}

/// <summary>A panel that is to be laid out.</summary>
internal readonly record struct PackTask(PackedProjection Projection, Tensor Weight, int Panel, bool IsBackward);

/// <summary>All of them.</summary>
internal readonly struct PackTasks(List<PackTask> tasks) : ITasks
{
    public void Do(int task) => tasks[task].Projection.Lay(tasks[task]);
}
