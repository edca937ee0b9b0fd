using System.Runtime.InteropServices;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Web.Watching;

/// <summary>Asks the process that writes a run to stop, as a batch system would: it leaves a checkpoint.</summary>
internal static partial class StopRequest
{
    private const int Terminate = 15;

    public static void Send(WatchedRun run)
    {
        if (RunLock.HolderOf(run.Folder) is not { } holder) throw new RlhfException($"{run.Id} is not running");
        if (!holder.IsHere) throw new RlhfException($"{run.Id} is written by {holder}; stop it there");
        if (holder.Process == Environment.ProcessId) throw new RlhfException($"{run.Id} is written by this server");
        if (Kill(holder.Process, Terminate) != 0) throw new RlhfException($"{run.Id} is written by {holder}, which this server may not stop (error {Marshal.GetLastPInvokeError()})");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
