using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>A panel that is to be laid out.</summary>
internal readonly record struct PackTask(PackedProjection Projection, nint Weight, int Panel, bool IsBackward);

/// <summary>What is to be laid out, and the float32 copies of narrower weights that it is laid out from.</summary>
internal sealed unsafe class Packing : IDisposable
{
    private readonly List<PackTask> _tasks = [];
    private readonly Dictionary<Tensor, Tensor> _widened = new(ReferenceEqualityComparer.Instance); // forward and backward want the same

    /// <summary>The numbers of a tensor in float32, as long as this is there; null for none.</summary>
    public float* Floats(Tensor? numbers)
    {
        if (numbers is null) return null;
        if (numbers.dtype == ScalarType.Float32) return numbers.Floats();
        if (_widened.TryGetValue(numbers, out var known)) return known.Floats();
        using var quiet = no_grad();
        var made = numbers.to(ScalarType.Float32).DetachFromDisposeScope();
        _widened.Add(numbers, made);
        return made.Floats();
    }

    public void Add(PackedProjection projection, Tensor weight, int panels, bool isBackward)
    {
        var from = (nint)Floats(weight);
        for (var panel = 0; panel < panels; panel++) _tasks.Add(new PackTask(projection, from, panel, isBackward));
    }

    public void Run() => Threads.Share(_tasks.Count, new PackTasks(_tasks));

    public void Dispose()
    {
        foreach (var widened in _widened.Values) widened.Dispose();
    }

    private readonly struct PackTasks(List<PackTask> tasks) : ITasks
    {
        public void Do(int task) => tasks[task].Projection.Lay(tasks[task]);
    }
}
