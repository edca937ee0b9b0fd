using TorchSharp.Interop;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Processes that work on one job, through c10d: Gloo on the CPU, NCCL on GPUs.</summary>
public sealed unsafe class ProcessGroup : IDisposable
{
    private IntPtr _world;

    public ProcessGroup(string backend, string host, int port, int rank, int size, TimeSpan timeout)
    {
        (Rank, Size, Backend) = (rank, size, backend);
        IntPtr world;
        Bridge.Check(Bridge.bridge_world_open(backend, host, port, rank, size, (long)timeout.TotalMilliseconds, &world), $"joining {host}:{port} as rank {rank} of {size}");
        _world = world;
    }

    ~ProcessGroup() => Close();

    public static bool HasGloo => Bridge.bridge_has_gloo() != 0;
    public static bool HasNccl => Bridge.bridge_has_nccl() != 0;

    public string Backend { get; }
    public int Rank { get; }
    public int Size { get; }

    /// <summary>Every rank's tensor becomes the sum over all ranks.</summary>
    public void AllReduceSum(Tensor tensor) => Check(Bridge.bridge_all_reduce(_world, tensor.handle, 0), "all-reduce", tensor);
    public void AllReduceMin(Tensor tensor) => Check(Bridge.bridge_all_reduce(_world, tensor.handle, 2), "all-reduce", tensor);
    public void AllReduceMax(Tensor tensor) => Check(Bridge.bridge_all_reduce(_world, tensor.handle, 3), "all-reduce", tensor);
    public void Broadcast(Tensor tensor, int root) => Check(Bridge.bridge_broadcast(_world, tensor.handle, root), "broadcast", tensor);

    /// <summary>The tensors of all ranks, in order of rank; they have one shape.</summary>
    public Tensor[] AllGather(Tensor tensor)
    {
        var gathered = new Tensor[Size];
        for (var i = 0; i < Size; i++) gathered[i] = empty_like(tensor);
        var handles = autograd.Handles(gathered);
        fixed (IntPtr* p = handles) Check(Bridge.bridge_all_gather(_world, tensor.handle, p, Size), "all-gather", tensor);
        return gathered;
    }

    public void Barrier() => Bridge.Check(Bridge.bridge_barrier(_world), $"barrier of rank {Rank} of {Size}");

    private void Check(int failed, string what, Tensor tensor) => Bridge.Check(failed, failed == 0 ? what : $"{what} of {tensor.Summary} on rank {Rank} of {Size}");

    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    private void Close()
    {
        if (_world != 0) _ = Bridge.bridge_world_close(_world);
        _world = 0;
    }
}
