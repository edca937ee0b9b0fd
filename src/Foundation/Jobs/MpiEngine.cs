using System.Text;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Jobs;

/// <summary>Exchanges of processes on CPUs. MPI is initialised once in a process and by the thread that makes the exchanges.</summary>
internal sealed unsafe class MpiEngine : IEngine
{
    // MPI_IN_PLACE: what is sent lies where the result goes.
    private const nint InPlace = 1;

    /// <summary>Counts of MPI are 32 bits wide.</summary>
    private const long Most = 1 << 30;

    private readonly MpiLibrary _mpi;

    private MpiEngine(MpiLibrary mpi) => _mpi = mpi;

    public int Rank { get; private init; }

    public int Size { get; private init; }

    public static MpiEngine Open()
    {
        var mpi = MpiLibrary.Load();
        int granted, rank, size;
        Check(mpi, mpi.InitThread(null, null, MpiLibrary.Funneled, &granted), "MPI_Init_thread");
        if (granted < MpiLibrary.Funneled) throw new RlhfException($"this MPI was built for programs of one thread; {MpiLibrary.Mend}");
        Check(mpi, mpi.SetErrorHandler(mpi.World, mpi.ErrorsReturn), "MPI_Comm_set_errhandler");
        Check(mpi, mpi.CommRank(mpi.World, &rank), "MPI_Comm_rank");
        Check(mpi, mpi.CommSize(mpi.World, &size), "MPI_Comm_size");
        return new MpiEngine(mpi) { Rank = rank, Size = size };
    }

    public bool Adds(ScalarType type) => type is ScalarType.Float32 or ScalarType.Float64 or ScalarType.Int64;

    public void Sum(nint data, long count, ScalarType type) => InParts(count, (first, some) =>
        Check(_mpi, _mpi.AllReduce((void*)InPlace, (byte*)data + first * SizeOf(type), some, TypeOf(type), _mpi.Sum, _mpi.World), "MPI_Allreduce"));

    public void Broadcast(nint data, long bytes, int root) => InParts(bytes, (first, some) =>
        Check(_mpi, _mpi.Broadcast((byte*)data + first, some, _mpi.Byte, root, _mpi.World), "MPI_Bcast"));

    public void Assemble(nint part, nint whole, long bytes)
    {
        // A part in its place must be said to be there.
        var isInPlace = part == whole + Rank * bytes;
        var some = Count(bytes);
        Check(_mpi, _mpi.AllGather(isInPlace ? (void*)InPlace : (void*)part, some, _mpi.Byte, (void*)whole, some, _mpi.Byte, _mpi.World), "MPI_Allgather");
    }

    public void ScatterSum(nint whole, nint part, long count, ScalarType type) =>
        Check(_mpi, _mpi.ReduceScatterBlock((void*)whole, (void*)part, Count(count), TypeOf(type), _mpi.Sum, _mpi.World), "MPI_Reduce_scatter_block");

    public void Barrier() => Check(_mpi, _mpi.Barrier(_mpi.World), "MPI_Barrier");

    public void Dispose() => _ = _mpi.Finalize();

    private nint TypeOf(ScalarType type) => type switch
    {
        ScalarType.Float32 => _mpi.Float,
        ScalarType.Float64 => _mpi.Double,
        ScalarType.Int64 => _mpi.Int64,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "MPI adds no numbers of this type"),
    };

    private static int SizeOf(ScalarType type) => type == ScalarType.Float32 ? sizeof(float) : sizeof(double);

    private static int Count(long count) => count <= Most ? (int)count : throw new RlhfException($"an exchange of {count} numbers is more than MPI's {Most}");

    private static void InParts(long count, Action<long, int> exchange)
    {
        for (long first = 0; first < count; first += Most) exchange(first, (int)Math.Min(Most, count - first));
    }

    private static void Check(MpiLibrary mpi, int code, string function)
    {
        if (code == 0) return;
        var text = stackalloc byte[1024];
        int length;
        var message = mpi.ErrorString(code, text, &length) == 0 ? Encoding.UTF8.GetString(text, length) : $"error {code}";
        throw new RlhfException($"{function} failed: {message}; the job ends here, start it again to go on");
    }
}
