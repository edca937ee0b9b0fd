using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>Facts about a GPU and its memory.</summary>
public readonly record struct CudaDevice(string Name, long TotalBytes, int Major, int Minor);

public readonly record struct CudaMemory(long Allocated, long PeakAllocated, long Reserved, long PeakReserved);

/// <summary>CUDA beyond the real package: properties, memory statistics, captured graphs.</summary>
public static unsafe class CudaExtras
{
    /// <summary>Whether the bridge was compiled with the toolkit's headers: without them CUDA computes, but has no statistics and no graphs.</summary>
    public static bool Built => Bridge.bridge_cuda_built() != 0;

    public static CudaDevice Describe(int device)
    {
        var text = stackalloc byte[256];
        long total;
        int major, minor;
        Bridge.Check(Bridge.bridge_cuda_name(device, text, 256, &total, &major, &minor), "cuda properties");
        return new CudaDevice(Marshal.PtrToStringUTF8((IntPtr)text)!, total, major, minor);
    }

    public static CudaMemory Memory(int device)
    {
        var bytes = stackalloc long[4];
        Bridge.Check(Bridge.bridge_cuda_memory(device, bytes), "cuda memory");
        return new CudaMemory(bytes[0], bytes[1], bytes[2], bytes[3]);
    }

    public static (long free, long total) Free()
    {
        long free, total;
        Bridge.Check(Bridge.bridge_cuda_free(&free, &total), "cuda memory");
        return (free, total);
    }

    public static void ResetPeak(int device) => Bridge.Check(Bridge.bridge_cuda_reset_peak(device), "cuda memory");
    public static void EmptyCache() => Bridge.Check(Bridge.bridge_cuda_empty_cache(), "cuda memory");
}

/// <summary>Work recorded once on a side stream and launched again by one call.</summary>
public sealed unsafe class CudaGraph : IDisposable
{
    private IntPtr _graph;

    private CudaGraph(IntPtr graph) => _graph = graph;

    ~CudaGraph() => Close();

    /// <summary>
    /// Records what <paramref name="work"/> launches on the device; nothing is run. The work must not wait for the GPU nor
    /// read from it, and nothing on the GPU may be made from numbers of the host. What it makes must be disposed when it
    /// returns, because graphs of one device share their memory: each writes over what another left there, and no two may run
    /// at the same time. What it reads and writes beside that has to stay where it is as long as the graph is used.
    /// </summary>
    /// <param name="device">The GPU's index; −1: the current one.</param>
    public static CudaGraph Capture(int device, Action work)
    {
        IntPtr handle;
        Bridge.Check(Bridge.bridge_graph_new(&handle), "cuda graph");
        var graph = new CudaGraph(handle);
        Bridge.Check(Bridge.bridge_graph_begin(handle, device), "cuda graph capture");
        try
        {
            work();
        }
        catch
        {
            // Ends the recording and restores the stream; the failure that matters is the work's own.
            _ = Bridge.bridge_graph_end(handle);
            graph.Dispose();
            throw;
        }

        Bridge.Check(Bridge.bridge_graph_end(handle), "cuda graph capture");
        return graph;
    }

    public void Replay()
    {
        ObjectDisposedException.ThrowIf(_graph == 0, this);
        Bridge.Check(Bridge.bridge_graph_replay(_graph), "cuda graph replay");
        GC.KeepAlive(this);
    }

    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    private void Close()
    {
        if (_graph != 0) _ = Bridge.bridge_graph_free(_graph);
        _graph = 0;
    }
}
