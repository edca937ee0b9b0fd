using System.Diagnostics;
using System.Runtime.InteropServices;
using Rlhf.Foundation.Runs;

namespace Rlhf.Foundation.Tests.Runs;

public sealed partial class RunLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string HolderFile => _folder.At(RunLock.FileName + ".json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Take_HeldHere_IsRefusedUntilReleased()
    {
        using (RunLock.Take(_folder.Path)) Assert.Throws<RlhfException>(() => RunLock.Take(_folder.Path));

        using (RunLock.Take(_folder.Path)) { }
    }

    [Fact]
    public void Take_HolderDied_IsStale()
    {
        using var process = Process.Start(new ProcessStartInfo("sleep", "30") { UseShellExecute = false })!;
        Leave(Environment.MachineName, process.Id, process.StartTime.ToUniversalTime());
        process.Kill();
        process.WaitForExit();

        using (RunLock.Take(_folder.Path)) { }
    }

    /// <summary>Killed, and nobody has asked for its end yet: it is in the process table all the same.</summary>
    [Fact]
    public void Take_HolderIsAZombie_IsStale()
    {
        // The shell makes a child that ends at once, and turns into a program that never asks for it.
        using var parent = Process.Start(new ProcessStartInfo("bash", ["-c", "sleep 0 & echo $!; exec sleep 30"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        try
        {
            var child = int.Parse(parent.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{child}/stat").Contains(") Z ", StringComparison.Ordinal), TimeSpan.FromSeconds(10)));
            using var zombie = Process.GetProcessById(child);
            Leave(Environment.MachineName, child, zombie.StartTime.ToUniversalTime());

            using (RunLock.Take(_folder.Path)) { }
        }
        finally
        {
            parent.Kill();
        }
    }

    [Fact]
    public void Take_HolderLivesButItsLockWasLost_IsRefused()
    {
        using var process = Process.Start(new ProcessStartInfo("sleep", "30") { UseShellExecute = false })!;
        try
        {
            Leave(Environment.MachineName, process.Id, process.StartTime.ToUniversalTime());
            Assert.Contains($"process {process.Id} on", Assert.Throws<RlhfException>(() => RunLock.Take(_folder.Path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public void Take_ProcessNumberUsedAgainByAnother_IsStale()
    {
        using var process = Process.Start(new ProcessStartInfo("sleep", "30") { UseShellExecute = false })!;
        try
        {
            Leave(Environment.MachineName, process.Id, process.StartTime.ToUniversalTime().AddHours(-1));
            using (RunLock.Take(_folder.Path)) { }
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public void Take_OtherMachineWithFreshSignOfLife_IsRefused()
    {
        Leave("elsewhere", 1, DateTime.UtcNow);

        Assert.Contains("process 1 on elsewhere", Assert.Throws<RlhfException>(() => RunLock.Take(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Take_OtherMachineWhoseClockIsAhead_IsRefusedAndSaysHowToGoOn()
    {
        Leave("elsewhere", 1, DateTime.UtcNow);
        File.SetLastWriteTimeUtc(HolderFile, DateTime.UtcNow.AddDays(2));

        Assert.Contains("(if that machine is gone or its clock is wrong: delete run.lock.json there)", Assert.Throws<RlhfException>(() => RunLock.Take(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Take_HeldHereAndTheClockWentBack_IsRefused()
    {
        using var held = RunLock.Take(_folder.Path);
        using var self = Process.GetCurrentProcess();
        Leave(Environment.MachineName, self.Id, self.StartTime.ToUniversalTime().AddHours(1));

        Assert.Throws<RlhfException>(() => RunLock.Take(_folder.Path));
    }

    [Fact]
    public void Take_OtherMachineSilentForLong_IsStale()
    {
        Leave("elsewhere", 1, DateTime.UtcNow);
        File.SetLastWriteTimeUtc(HolderFile, DateTime.UtcNow.AddMinutes(-5));

        using (RunLock.Take(_folder.Path)) { }
    }

    [Fact]
    public void Take_UnreadableLeftover_IsStale()
    {
        File.WriteAllText(HolderFile, "{half");

        using (RunLock.Take(_folder.Path)) { }
    }

    /// <summary>Whoever may write into another's file may still not set its time.</summary>
    [Fact]
    public void Take_HolderDied_LeavesItsFileAndWritesAnother()
    {
        var theirs = _folder.At("theirs");
        File.WriteAllText(theirs, "{half");
        File.CreateSymbolicLink(HolderFile, theirs);

        using (RunLock.Take(_folder.Path)) Assert.Equal(Environment.ProcessId, RunLock.HolderOf(_folder.Path)!.Process);

        Assert.Equal("{half", File.ReadAllText(theirs));
    }

    [Fact]
    public void Beat_FolderWasTakenAway_IsMissed()
    {
        using var held = RunLock.Take(_folder.Path);

        WithoutAccess(() =>
        {
            Assert.Throws<UnauthorizedAccessException>(() => File.SetLastWriteTimeUtc(HolderFile, DateTime.UtcNow));
            held.Beat();
        });
    }

    [Fact]
    public void Dispose_FolderWasTakenAway_LetsGoAllTheSame()
    {
        WithoutAccess(RunLock.Take(_folder.Path).Dispose);

        using (RunLock.Take(_folder.Path)) { }
    }

    // Root is let in everywhere, so this thread is nobody meanwhile; for others that does nothing.
    private void WithoutAccess(Action action)
    {
        const int Nobody = 65534;
        if (OperatingSystem.IsWindows()) return;
        var mode = File.GetUnixFileMode(_folder.Path);
        File.SetUnixFileMode(_folder.Path, UnixFileMode.None);
        var user = FileUser(Nobody);
        try
        {
            action();
        }
        finally
        {
            _ = FileUser(user);
            File.SetUnixFileMode(_folder.Path, mode);
        }
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int FileUser(int user);

    private void Leave(string host, int process, DateTime started) =>
        File.WriteAllText(HolderFile, $"{{\"host\":\"{host}\",\"process\":{process},\"started\":\"{started:O}\"}}");
}
