using System.Diagnostics;
using System.Text.Json;
using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Runs;

/// <summary>
/// One process per run directory. The operating system's lock on <c>run.lock</c> decides where it works; beside it
/// <c>run.lock.json</c> names the holder (process, start time, host), for the message and for file systems that lock
/// within one machine only. The latter's age is the holder's last sign of life.
/// </summary>
public sealed class RunLock : IDisposable
{
    public const string FileName = "run.lock";

    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

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
        try
        {
            held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (File.Exists(path))
        {
            throw Busy(folder, Read(holderFile)?.ToString() ?? "another process", error);
        }

        if (Read(holderFile) is { } holder && IsAlive(holder, File.GetLastWriteTimeUtc(holderFile)))
        {
            held.Dispose();
            throw Busy(folder, holder.ToString(), null);
        }

        File.WriteAllText(holderFile, JsonSerializer.Serialize(Self(), JsonText.Lines));
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

        File.Delete(_holderFile);
        _lock.Dispose();
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
            return Math.Abs((process.StartTime.ToUniversalTime() - holder.Started).TotalSeconds) < 2;
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            return false;
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

    private void Beat()
    {
        try
        {
            File.SetLastWriteTimeUtc(_holderFile, DateTime.UtcNow);
        }
        catch (IOException)
        {
            // A missed sign of life is no reason to end a run.
        }
    }
}
