using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Jobs;

/// <summary>
/// This process's part in the job that it was started for: joined when the first work asks for it, kept for all that follows, left
/// in order or given up.
/// </summary>
internal sealed class JobMembership(Func<JobPlace> whereabouts, JobOptions options) : IDisposable
{
    private const int LetterLength = 4096;

    private Collective? _job;
    private JobWatch? _watch;
    private MpiEngine? _mpi;
    private NcclEngine? _nccl;

    /// <summary>A process that was started alone.</summary>
    public static JobMembership None() => new(() => new JobPlace(Launcher.None, 0, 1), new JobOptions());

    /// <summary>The job, with tensors on this device: NCCL between GPUs, MPI between CPUs.</summary>
    /// <exception cref="RlhfException">A library is missing, or the others do not come.</exception>
    public Collective Join(Device device)
    {
        if (_job is not null) return _job;
        var place = whereabouts();
        if (place.Launcher == Launcher.None || place.Size == 1) return _job = Collective.Alone;
        using var guard = new Timer(_ => GiveUp(place), null, options.Timeout + options.Timeout, Timeout.InfiniteTimeSpan);
        return _job = device.type == DeviceType.CUDA ? OnGpus(place, device) : OnCpus(place);
    }

    /// <summary>This process cannot go on, so none does; the one whose place it is says why.</summary>
    /// <param name="line">why</param>
    /// <param name="code">of the others' end</param>
    /// <param name="say">says it</param>
    public void Abandon(string line, int code, Action say)
    {
        if (_watch is null)
        {
            say();
            return;
        }

        _watch.Abandon(line, code, say);
        // The others are ended, so no library of theirs can be left in order.
        (_mpi, _nccl) = (null, null);
        _watch.Dispose();
        _watch = null;
    }

    /// <summary>Leaves a job whose work is done.</summary>
    public void Dispose()
    {
        if (_watch is null) return;
        _watch.Enter();
        _nccl?.Dispose();
        _mpi?.Dispose();
        _watch.Part();
        _watch.Dispose();
        _watch = null;
    }

    private Collective OnCpus(JobPlace place)
    {
        var mpi = OpenMpi(place);
        if (mpi.Size == 1) return Collective.Alone;
        _watch = MeetOver(mpi, "").Watch;
        _mpi = mpi;
        return new SharedJob(mpi.Rank, mpi.Size, CPU, mpi, _watch);
    }

    private Collective OnGpus(JobPlace place, Device device)
    {
        var (rank, size) = (place.Rank, place.Size);
        string welcome;
        if (place.Host is { } host)
        {
            if (place.Port is not { } port) throw new RlhfException("MASTER_ADDR is set and MASTER_PORT is not; name a free port of that machine");
            welcome = rank == 0 ? Convert.ToHexString(NcclEngine.NewJob().ToArray()) : "";
            (_watch, welcome) = rank == 0 ? (Hub(Listen(port, size), "", size, welcome), welcome) : Greeted(WatchSpoke.Meet([host], port, Hello.Mine("", rank, size, options.Version), options));
        }
        else
        {
            if (!place.HasPmix) throw new RlhfException($"{size} processes on GPUs meet at rank 0: set MASTER_ADDR to its machine and MASTER_PORT to a free port there, as scripts/launch.sh, torchrun and scripts/slurm do");
            var mpi = OpenMpi(place);
            if (mpi.Size == 1) return Collective.Alone;
            (rank, size, _mpi) = (mpi.Rank, mpi.Size, mpi);
            welcome = rank == 0 ? Convert.ToHexString(NcclEngine.NewJob().ToArray()) : "";
            (_watch, welcome) = MeetOver(mpi, welcome);
        }

        _nccl = NcclEngine.Open(NcclUniqueId.Of(Convert.FromHexString(welcome)), rank, size, device);
        return new SharedJob(rank, size, device, _nccl, _watch);
    }

    private static MpiEngine OpenMpi(JobPlace place)
    {
        if (place.Launcher == Launcher.Mpich) throw new RlhfException($"these {place.Size} processes were started by an mpiexec of MPICH's kind; start them with scripts/launch.sh or Open MPI's mpirun. {MpiLibrary.Mend}");
        if (!place.HasPmix)
            throw new RlhfException($"{place.Size} processes on the CPU work together by MPI, which does not know of them; start them with scripts/launch.sh, mpirun, or srun --mpi=pmix");
        var mpi = MpiEngine.Open();
        if (place.Size != int.MaxValue && mpi.Size != place.Size)
            throw new RlhfException($"{place.Size} processes were started and MPI finds {mpi.Size}: what started them speaks another PMIx than this Open MPI; start them with Open MPI's own mpirun, or with srun --mpi=pmix of a Slurm built for it");
        return mpi;
    }

    /// <summary>Rank 0 listens somewhere; MPI carries where to.</summary>
    private (JobWatch Watch, string Welcome) MeetOver(MpiEngine mpi, string welcome)
    {
        using var listener = mpi.Rank == 0 ? Listen(0, mpi.Size) : null;
        var letter = Letter(mpi, listener is null ? null : new Invitation(Guid.NewGuid().ToString("N"), Addresses(), ((IPEndPoint)listener.LocalEndpoint).Port, Environment.MachineName));
        if (listener is not null) return (Hub(listener, letter.Token, mpi.Size, welcome), welcome);
        // On one machine the way over a network may be closed.
        string[] hosts = letter.Machine == Environment.MachineName ? ["127.0.0.1", .. letter.Hosts] : letter.Hosts;
        return Greeted(WatchSpoke.Meet(hosts, letter.Port, Hello.Mine(letter.Token, mpi.Rank, mpi.Size, options.Version), options));
    }

    private static (JobWatch Watch, string Welcome) Greeted(WatchSpoke spoke) => (spoke, spoke.Welcome);

    private WatchHub Hub(TcpListener listener, string token, int size, string welcome)
    {
        using (listener) return WatchHub.Meet(listener, Hello.Mine(token, 0, size, options.Version), welcome, options);
    }

    private static TcpListener Listen(int port, int size)
    {
        var listener = new TcpListener(IPAddress.Any, port);
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException error)
        {
            listener.Dispose();
            throw new RlhfException($"rank 0 of {size} cannot listen on port {port} ({error.Message}); choose a free one with MASTER_PORT", error);
        }
    }

    private static unsafe Invitation Letter(MpiEngine mpi, Invitation? mine)
    {
        var letter = (byte*)NativeMemory.AllocZeroed(LetterLength);
        try
        {
            if (mine is not null) JsonSerializer.SerializeToUtf8Bytes(mine).AsSpan().CopyTo(new Span<byte>(letter, LetterLength - 1));
            mpi.Broadcast((nint)letter, LetterLength, 0);
            return JsonSerializer.Deserialize<Invitation>(Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(letter)))!;
        }
        finally
        {
            NativeMemory.Free(letter);
        }
    }

    private static string[] Addresses() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces().Where(one => one.OperationalStatus == OperationalStatus.Up && one.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address)
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork).Select(address => address.ToString()).Take(20),
    ];

    private void GiveUp(JobPlace place)
    {
        options.Say($"rank {place.Rank} has waited for the other processes of its job for {(options.Timeout + options.Timeout).TotalSeconds:0} s; check that all were started");
        options.Quit(1);
    }

    private sealed record Invitation(string Token, string[] Hosts, int Port, string Machine);
}
