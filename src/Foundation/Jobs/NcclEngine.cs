using System.Runtime.InteropServices;
using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Jobs;

/// <summary>Exchanges of processes with a GPU each. They stand in the stream that libtorch works on, so what comes before and after them needs no wait.</summary>
internal sealed unsafe class NcclEngine : IEngine
{
    private const int Success = 0, InProgress = 7;

    private readonly NcclLibrary _nccl;
    private readonly nint _communicator, _number;
    private readonly int _device;
    private readonly delegate* unmanaged<int, nint*, int> _currentStream;

    private NcclEngine(NcclLibrary nccl, nint communicator, int device, delegate* unmanaged<int, nint*, int> currentStream)
    {
        (_nccl, _communicator, _device) = (nccl, communicator, device);
        _currentStream = currentStream;
        // A barrier is a sum that somebody waits for.
        if (CudaRuntime.Function("cudaMalloc") is { } allocate)
        {
            nint number;
            if (((delegate* unmanaged<nint*, nuint, int>)allocate)(&number, sizeof(float)) == 0) _number = number;
        }
    }

    /// <summary>The name of a new job; rank 0 makes it and tells it to the others.</summary>
    public static NcclUniqueId NewJob()
    {
        var nccl = NcclLibrary.Load();
        NcclUniqueId id;
        Check(nccl, nccl.GetUniqueId(&id), "ncclGetUniqueId");
        return id;
    }

    /// <summary>Joins the job on this process's GPU; it returns when all have.</summary>
    public static NcclEngine Open(NcclUniqueId id, int rank, int size, Device device)
    {
        var nccl = NcclLibrary.Load();
        if (!NativeLibrary.TryGetExport(Libtorch.Cuda, "aoti_torch_get_current_cuda_stream", out var stream))
            throw new RlhfException("this libtorch does not tell the stream it works on (aoti_torch_get_current_cuda_stream); processes on GPUs need one that does");
        var index = Math.Max(0, device.index);
        CudaDevice.Use(index);
        nint communicator;
        Check(nccl, nccl.CommInitRank(&communicator, size, id, rank), "ncclCommInitRank");
        return new NcclEngine(nccl, communicator, index, (delegate* unmanaged<int, nint*, int>)stream);
    }

    public bool Adds(ScalarType type) => type is ScalarType.Float32 or ScalarType.Float64 or ScalarType.Int64 or ScalarType.BFloat16 or ScalarType.Float16;

    public void Sum(nint data, long count, ScalarType type) =>
        Check(_nccl, _nccl.AllReduce((void*)data, (void*)data, (nuint)count, TypeOf(type), NcclOperation.Sum, _communicator, Stream()), "ncclAllReduce");

    public void Broadcast(nint data, long bytes, int root) =>
        Check(_nccl, _nccl.Broadcast((void*)data, (void*)data, (nuint)bytes, NcclType.UInt8, root, _communicator, Stream()), "ncclBroadcast");

    public void Assemble(nint part, nint whole, long bytes) =>
        Check(_nccl, _nccl.AllGather((void*)part, (void*)whole, (nuint)bytes, NcclType.UInt8, _communicator, Stream()), "ncclAllGather");

    public void ScatterSum(nint whole, nint part, long count, ScalarType type) =>
        Check(_nccl, _nccl.ReduceScatter((void*)whole, (void*)part, (nuint)count, TypeOf(type), NcclOperation.Sum, _communicator, Stream()), "ncclReduceScatter");

    public void Barrier()
    {
        if (_number == 0) throw new RlhfException("the GPU has no 4 bytes left for a barrier; give the run more room in memory");
        Sum(_number, 1, ScalarType.Float32);
        cuda.synchronize();
        int error;
        Check(_nccl, _nccl.CommGetAsyncError(_communicator, &error), "ncclCommGetAsyncError");
        if (error != InProgress) Check(_nccl, error, "an exchange of NCCL");
    }

    public void Dispose()
    {
        cuda.synchronize();
        _ = _nccl.CommDestroy(_communicator);
    }

    public static NcclType TypeOf(ScalarType type) => type switch
    {
        ScalarType.Float32 => NcclType.Float32,
        ScalarType.Float64 => NcclType.Float64,
        ScalarType.Int64 => NcclType.Int64,
        ScalarType.BFloat16 => NcclType.BFloat16,
        ScalarType.Float16 => NcclType.Float16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "NCCL adds no numbers of this type"),
    };

    private nint Stream()
    {
        nint stream;
        return _currentStream(_device, &stream) == 0 ? stream : throw new OperatorException("libtorch does not tell the stream it works on");
    }

    private static void Check(NcclLibrary nccl, int code, string function)
    {
        if (code == Success) return;
        var message = Marshal.PtrToStringUTF8((nint)nccl.GetErrorString(code));
        throw new RlhfException($"{function} failed: {message}; the job ends here, start it again to go on (NCCL_DEBUG=WARN says more)");
    }
}
