using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Rlhf.Foundation.Jobs;

/// <summary>
/// Open MPI's library and what of it is called. Its constants are addresses of objects that it exports, so no header is needed;
/// MPICH and its relatives, whose constants are numbers, are told apart by that.
/// </summary>
internal sealed unsafe partial class MpiLibrary
{
    /// <summary>Names a library to be taken instead of the one the system finds.</summary>
    public const string Variable = "RLHF_MPI";

    public const string Mend = "install Open MPI 4 or 5 (Debian and Ubuntu: apt-get install libopenmpi3 openmpi-bin; on a cluster: module load openmpi)";

    /// <summary>MPI_THREAD_FUNNELED: the thread that initialises MPI is the one that calls it.</summary>
    public const int Funneled = 1;

    private const int OldestMajor = 4;
    private const int LongestVersion = 8192;
    private static readonly string[] s_names = ["libmpi.so.40", "libmpi.so", "libmpi.so.12"];

    public readonly delegate* unmanaged<int*, byte***, int, int*, int> InitThread;
    public readonly delegate* unmanaged<int> Finalize;
    public readonly delegate* unmanaged<nint, int*, int> CommRank, CommSize;
    public readonly delegate* unmanaged<nint, nint, int> SetErrorHandler;
    public readonly delegate* unmanaged<int, byte*, int*, int> ErrorString;
    public readonly delegate* unmanaged<void*, void*, int, nint, nint, nint, int> AllReduce, ReduceScatterBlock;
    public readonly delegate* unmanaged<void*, int, nint, int, nint, int> Broadcast;
    public readonly delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int> AllGather;
    public readonly delegate* unmanaged<nint, int> Barrier;

    /// <summary>Constants: the job's processes, the way of errors, types, the sum.</summary>
    public readonly nint World, ErrorsReturn, Float, Double, Int64, Byte, Sum;

    private MpiLibrary(nint library, string path)
    {
        nint Find(string name) => NativeLibrary.TryGetExport(library, name, out var address) ? address
            : throw new RlhfException($"{path} lacks {name}, so it is no whole Open MPI; {Mend}");
        World = Find("ompi_mpi_comm_world");
        ErrorsReturn = Find("ompi_mpi_errors_return");
        (Float, Double, Int64, Byte) = (Find("ompi_mpi_float"), Find("ompi_mpi_double"), Find("ompi_mpi_int64_t"), Find("ompi_mpi_byte"));
        Sum = Find("ompi_mpi_op_sum");
        InitThread = (delegate* unmanaged<int*, byte***, int, int*, int>)Find("MPI_Init_thread");
        Finalize = (delegate* unmanaged<int>)Find("MPI_Finalize");
        CommRank = (delegate* unmanaged<nint, int*, int>)Find("MPI_Comm_rank");
        CommSize = (delegate* unmanaged<nint, int*, int>)Find("MPI_Comm_size");
        SetErrorHandler = (delegate* unmanaged<nint, nint, int>)Find("MPI_Comm_set_errhandler");
        ErrorString = (delegate* unmanaged<int, byte*, int*, int>)Find("MPI_Error_string");
        AllReduce = (delegate* unmanaged<void*, void*, int, nint, nint, nint, int>)Find("MPI_Allreduce");
        ReduceScatterBlock = (delegate* unmanaged<void*, void*, int, nint, nint, nint, int>)Find("MPI_Reduce_scatter_block");
        Broadcast = (delegate* unmanaged<void*, int, nint, int, nint, int>)Find("MPI_Bcast");
        AllGather = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)Find("MPI_Allgather");
        Barrier = (delegate* unmanaged<nint, int>)Find("MPI_Barrier");
    }

    /// <exception cref="RlhfException">There is none, it is of another kind, or too old.</exception>
    public static MpiLibrary Load()
    {
        var given = Environment.GetEnvironmentVariable(Variable);
        foreach (var name in string.IsNullOrEmpty(given) ? s_names : [given])
            if (NativeLibrary.TryLoad(name, out var library)) return Checked(library, name);
        throw new RlhfException($"processes on the CPU work together by MPI, and {(string.IsNullOrEmpty(given) ? "libmpi.so is not on this machine" : $"{Variable}={given} cannot be loaded")}; {Mend}");
    }

    /// <summary>What is wrong with an MPI of this version; null where nothing is.</summary>
    public static string? Wrong(string version, bool hasOpenMpisConstants)
    {
        var name = version.Split('\n', ',')[0].Trim();
        if (!hasOpenMpisConstants) return $"is {(name.Length > 0 ? name : "no Open MPI")}, whose calls are others than Open MPI's";
        var match = OpenMpi().Match(version);
        return match.Success && int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) < OldestMajor ? $"is {name}, which is too old" : null;
    }

    private static MpiLibrary Checked(nint library, string path)
    {
        var wrong = Wrong(VersionOf(library), NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _));
        return wrong is null ? new MpiLibrary(library, path) : throw new RlhfException($"{path} {wrong}; {Mend}, or name the right library with {Variable}");
    }

    private static string VersionOf(nint library)
    {
        if (!NativeLibrary.TryGetExport(library, "MPI_Get_library_version", out var function)) return "";
        var text = stackalloc byte[LongestVersion];
        int length;
        return ((delegate* unmanaged<byte*, int*, int>)function)(text, &length) == 0 ? Encoding.UTF8.GetString(text, Math.Clamp(length, 0, LongestVersion)).TrimEnd('\0') : "";
    }

    [GeneratedRegex(@"Open MPI v(\d+)\.")]
    private static partial Regex OpenMpi();
}
