using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// Work recorded on a GPU, to be launched again as one: libtorch's own at::cuda::CUDAGraph, whose memory its allocator keeps
/// apart. There is no C interface to it, so its members are called by their mangled names; where one of these is not there,
/// or RLHF_NO_GRAPHS is set, nothing is recorded.
/// </summary>
internal sealed unsafe class CudaGraph : IRecording
{
    // More than the object takes in any version; it is made and destroyed by its own functions.
    private const int Room = 4096;
    private const int NonBlocking = 1, ThreadLocal = 1;

    private static readonly Lazy<Functions?> s_functions = new(Find);
    private static nint s_stream;

    private readonly void* _graph;

    private CudaGraph()
    {
        _graph = NativeMemory.AlignedAlloc(Room, 64);
        NativeMemory.Clear(_graph, Room);
        s_functions.Value!.Construct(_graph, 0);
    }

    /// <summary>Whether a GPU's work can be recorded here.</summary>
    public static bool IsOffered => s_functions.Value is not null;

    /// <summary>Records what the work asks of the GPU, which is not done meanwhile. The tensors that it reads and writes have to stay where they are.</summary>
    public static CudaGraph Record(Device device, Action work)
    {
        var functions = s_functions.Value ?? throw new InvalidOperationException("this libtorch offers no CUDA graphs");
        // The default stream cannot be recorded.
        if (s_stream == 0)
        {
            nint made;
            Check(functions.CreateStream(&made, NonBlocking), "cudaStreamCreateWithFlags");
            s_stream = made;
        }

        cuda.synchronize();
        var graph = new CudaGraph();
        nint guard;
        Check(functions.EnterStream(s_stream, Math.Max(0, device.index), &guard), "aoti_torch_create_cuda_stream_guard");
        try
        {
            functions.Begin(graph._graph, 0, 0, ThreadLocal);
            try
            {
                work();
            }
            finally
            {
                functions.End(graph._graph);
            }
        }
        finally
        {
            _ = functions.LeaveStream(guard);
        }

        return graph;
    }

    /// <summary>Has the GPU do it again, on the stream that is current.</summary>
    public void Replay() => s_functions.Value!.Replay(_graph);

    public void Dispose()
    {
        s_functions.Value!.Destroy(_graph);
        NativeMemory.AlignedFree(_graph);
    }

    private static void Check(int code, string function)
    {
        if (code != 0) throw new OperatorException($"{function} failed with {code}");
    }

    private static Functions? Find()
    {
        if (Environment.GetEnvironmentVariable("RLHF_NO_GRAPHS") is not (null or "" or "0") || !cuda.is_available()) return null;
        var cudaLibrary = Libtorch.Cuda;
        nint Member(string name) => NativeLibrary.TryGetExport(cudaLibrary, name, out var address) ? address : 0;
        const string Class = "_ZN2at4cuda9CUDAGraph";
        nint[] found =
        [
            Member($"{Class}C1Eb"), Member($"{Class}D1Ev"), Member($"{Class}13capture_beginESt4pairIyyE21cudaStreamCaptureMode"), Member($"{Class}11capture_endEv"),
            Member($"{Class}6replayEv"), Member("aoti_torch_create_cuda_stream_guard"), Member("aoti_torch_delete_cuda_stream_guard"),
            CudaRuntime.Function("cudaStreamCreateWithFlags") ?? 0,
        ];
        return found.Contains(0) ? null : new Functions(found);
    }

    private sealed class Functions(nint[] found)
    {
        public readonly delegate* unmanaged<void*, byte, void> Construct = (delegate* unmanaged<void*, byte, void>)found[0];
        public readonly delegate* unmanaged<void*, void> Destroy = (delegate* unmanaged<void*, void>)found[1];

        /// <summary>The pool's pair of numbers travels in two registers.</summary>
        public readonly delegate* unmanaged<void*, ulong, ulong, int, void> Begin = (delegate* unmanaged<void*, ulong, ulong, int, void>)found[2];
        public readonly delegate* unmanaged<void*, void> End = (delegate* unmanaged<void*, void>)found[3];
        public readonly delegate* unmanaged<void*, void> Replay = (delegate* unmanaged<void*, void>)found[4];
        public readonly delegate* unmanaged<nint, int, nint*, int> EnterStream = (delegate* unmanaged<nint, int, nint*, int>)found[5];
        public readonly delegate* unmanaged<nint, int> LeaveStream = (delegate* unmanaged<nint, int>)found[6];
        public readonly delegate* unmanaged<nint*, uint, int> CreateStream = (delegate* unmanaged<nint*, uint, int>)found[7];
    }
}
