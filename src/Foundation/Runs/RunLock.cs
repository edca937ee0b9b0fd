using System.Diagnostics;
using System.Text.Json;
using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Runs;

/// <summary>
/// One process per run directory. The operating system's lock on <c>run.lock</c> decides where it works; beside it
/// <c>run.lock.json</c> names the holder (process, start time, host), for the message and for file systems that lock
/// within one machine only. The latter's age is the holder's last sign of life.
/// </summary>
internal sealed class RunLock : IDisposable
{
    public const string FileName = "run.lock";

    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    /// <summary>How long a process that was killed may take to let go of its memory and files.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FileStream _lock;
    private readonly string _holderFile;
    private readonly Timer _heartbeat;

    private RunLock(FileStream held, string holderFile)
    {
        (_lock, _holderFile) = (held, holderFile);
        _heartbeat = new Timer(_ => Beat(), null, Refresh, Refresh);
    }

    /// <exception cref="RlhfException">Another process writes this run.</exception>
    public static RunLock Take(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var holderFile = path + ".json";
        FileStream held;
        for (var waited = Stopwatch.StartNew(); Read(holderFile) is { IsHere: true } dying && IsDying(dying.Process) && waited.Elapsed < Patience;) Thread.Sleep(50);
        try
        {
            held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (Durable.IsInUse(error))
        {
            throw Busy(folder, Read(holderFile)?.ToString() ?? "another process", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException && !Durable.IsDiskFull(error))
        {
            throw new RlhfException($"{folder}: the run's folder cannot be written ({error.Message.TrimEnd('.')}); choose another with out=…", error);
        }

        if (Read(holderFile) is { } holder && IsAlive(holder, File.GetLastWriteTimeUtc(holderFile)))
        {
            held.Dispose();
            throw Busy(folder, holder.IsHere ? holder.ToString() : $"{holder} (if that machine is gone or its clock is wrong: delete {FileName}.json there)", null);
        }

        // Not into the file that is there: only a file's owner may set its time.
        Durable.WriteText(holderFile, JsonSerializer.Serialize(Self(), JsonText.Lines));
        return new RunLock(held, holderFile);
    }

    /// <summary>Who writes the run in a folder now; null where nobody does.</summary>
    public static RunHolder? HolderOf(string folder)
    {
        var holderFile = Path.Combine(folder, FileName + ".json");
        return Read(holderFile) is { } holder && ((holder.IsHere && holder.Process == Environment.ProcessId) || IsAlive(holder, File.GetLastWriteTimeUtc(holderFile))) ? holder : null;
    }

    public void Dispose()
    {
        using (var stopped = new ManualResetEvent(false))
        {
            if (_heartbeat.Dispose(stopped)) stopped.WaitOne();
        }

        try
        {
            File.Delete(_holderFile);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Somebody deleted the folder, which the run has said, or took it away from us: a holder that is gone is stale.
        }

        _lock.Dispose();
    }

    internal void Beat()
    {
        try
        {
            File.SetLastWriteTimeUtc(_holderFile, DateTime.UtcNow);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A missed sign of life is no reason to end a run.
        }
    }

    private static RlhfException Busy(string folder, string holder, Exception? inner)
    {
        var message = $"{folder} is being written by {holder}; wait for it, stop it, or choose another folder with out=…";
        return inner is null ? new RlhfException(message) : new RlhfException(message, inner);
    }

    /// <summary>On this machine the process table knows; of another machine only a fresh sign of life tells.</summary>
    private static bool IsAlive(RunHolder holder, DateTime lastSign)
    {
        if (!holder.IsHere) return DateTime.UtcNow - lastSign < Silence;
        if (holder.Process == Environment.ProcessId) return false;
        try
        {
            using var process = Process.GetProcessById(holder.Process);
            return !IsRemains(holder.Process) && Math.Abs((process.StartTime.ToUniversalTime() - holder.Started).TotalSeconds) < 2;
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>A process that was killed stays in the table until somebody asks for its end, in a container without an init for ever.</summary>
    private static bool IsRemains(int process) => StateOf(process) is 'Z' or 'X';

    /// <summary>Killed, and not yet gone: its memory is being given back.</summary>
    private static bool IsDying(int process)
    {
        try
        {
            return StateOf(process) is not ('Z' or 'X' or default(char)) && File.ReadAllBytes($"/proc/{process}/cmdline").Length == 0;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // "123 (name) Z …", where the name may hold anything.
    private static char StateOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 1)..].TrimStart().FirstOrDefault();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    private static RunHolder Self()
    {
        using var self = Process.GetCurrentProcess();
        return new RunHolder(Environment.MachineName, self.Id, self.StartTime.ToUniversalTime());
    }

    private static RunHolder? Read(string holderFile)
    {
        try
        {
            return JsonSerializer.Deserialize<RunHolder>(File.ReadAllText(holderFile), JsonText.Lines);
        }
        catch (Exception none) when (none is IOException or JsonException)
        {
            return null;
        }
    }
}
