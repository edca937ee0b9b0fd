using System.Runtime.InteropServices;

namespace Rlhf.Foundation.Jobs;

/// <summary>NVIDIA's collectives between GPUs, by their C interface (nccl.h): the copy that libtorch has loaded, or else the system's.</summary>
internal sealed unsafe class NcclLibrary
{
    public const string Mend = "install it with PyTorch's CUDA build, or as NVIDIA's package libnccl2";

    private const string Name = "libnccl.so.2";

    /// <summary>2.10, the first with bfloat16 in every build: major·10000 + minor·100 + patch.</summary>
    private const int Oldest = 21000;

    public readonly delegate* unmanaged<NcclUniqueId*, int> GetUniqueId;
    public readonly delegate* unmanaged<nint*, int, NcclUniqueId, int, int> CommInitRank;
    public readonly delegate* unmanaged<nint, int> CommDestroy;
    public readonly delegate* unmanaged<nint, int*, int> CommGetAsyncError;
    public readonly delegate* unmanaged<int, byte*> GetErrorString;
    public readonly delegate* unmanaged<void*, void*, nuint, NcclType, NcclOperation, nint, nint, int> AllReduce, ReduceScatter;
    public readonly delegate* unmanaged<void*, void*, nuint, NcclType, int, nint, nint, int> Broadcast;
    public readonly delegate* unmanaged<void*, void*, nuint, NcclType, nint, nint, int> AllGather;

    private NcclLibrary(nint library)
    {
        nint Find(string name) => NativeLibrary.TryGetExport(library, name, out var address) ? address
            : throw new RlhfException($"{Name} lacks {name}: it is too old or not NCCL; {Mend}");
        int version;
        if (((delegate* unmanaged<int*, int>)Find("ncclGetVersion"))(&version) != 0 || version < Oldest)
            throw new RlhfException($"{Name} is NCCL {version / 10000}.{version / 100 % 100}, which is too old; {Mend}");
        GetUniqueId = (delegate* unmanaged<NcclUniqueId*, int>)Find("ncclGetUniqueId");
        CommInitRank = (delegate* unmanaged<nint*, int, NcclUniqueId, int, int>)Find("ncclCommInitRank");
        CommDestroy = (delegate* unmanaged<nint, int>)Find("ncclCommDestroy");
        CommGetAsyncError = (delegate* unmanaged<nint, int*, int>)Find("ncclCommGetAsyncError");
        GetErrorString = (delegate* unmanaged<int, byte*>)Find("ncclGetErrorString");
        AllReduce = (delegate* unmanaged<void*, void*, nuint, NcclType, NcclOperation, nint, nint, int>)Find("ncclAllReduce");
        ReduceScatter = (delegate* unmanaged<void*, void*, nuint, NcclType, NcclOperation, nint, nint, int>)Find("ncclReduceScatter");
        Broadcast = (delegate* unmanaged<void*, void*, nuint, NcclType, int, nint, nint, int>)Find("ncclBroadcast");
        AllGather = (delegate* unmanaged<void*, void*, nuint, NcclType, nint, nint, int>)Find("ncclAllGather");
    }

    public static NcclLibrary Load()
    {
        var path = Loaded() ?? Name;
        return NativeLibrary.TryLoad(path, out var library) ? new NcclLibrary(library)
            : throw new RlhfException($"processes on GPUs work together by NCCL, and {Name} is not on this machine; {Mend}");
    }

    /// <summary>The one that libtorch brought: two in one process would not know of each other.</summary>
    private static string? Loaded() => !File.Exists("/proc/self/maps") ? null
        : File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..]).FirstOrDefault(path => Path.GetFileName(path).StartsWith("libnccl.so", StringComparison.Ordinal));
}

/// <summary>ncclUniqueId: names a job to its processes; passed by value.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NcclUniqueId
{
    public const int Length = 128;

    public fixed byte Bytes[Length];

    public static NcclUniqueId Of(ReadOnlySpan<byte> bytes)
    {
        var id = new NcclUniqueId();
        bytes.CopyTo(new Span<byte>(id.Bytes, Length));
        return id;
    }

    public readonly byte[] ToArray()
    {
        fixed (byte* bytes = Bytes) return new Span<byte>(bytes, Length).ToArray();
    }
}

/// <summary>ncclDataType_t</summary>
internal enum NcclType
{
    Int8 = 0,
    UInt8 = 1,
    Int32 = 2,
    UInt32 = 3,
    Int64 = 4,
    UInt64 = 5,
    Float16 = 6,
    Float32 = 7,
    Float64 = 8,
    BFloat16 = 9,
}

/// <summary>ncclRedOp_t</summary>
internal enum NcclOperation
{
    Sum = 0,
    Product = 1,
    Maximum = 2,
    Minimum = 3,
    Mean = 4,
}
