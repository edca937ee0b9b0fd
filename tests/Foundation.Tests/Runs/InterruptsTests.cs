using System.Diagnostics;
using Rlhf.Foundation.Runs;

namespace Rlhf.Foundation.Tests.Runs;

public sealed class InterruptsTests
{
    [Theory]
    [InlineData("TERM", "SIGTERM: stopping at the next step with a checkpoint")]
    [InlineData("USR1", "SIGUSR1: stopping at the next step with a checkpoint")]
    public void Signal_First_AsksForAStopAndSaysSo(string signal, string message)
    {
        var said = new List<string>();
        using var interrupts = new Interrupts(said.Add);

        using (var kill = Process.Start("bash", ["-c", $"kill -s {signal} {Environment.ProcessId}"])) kill.WaitForExit();

        Assert.True(interrupts.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(10)));
        Assert.True(SpinWait.SpinUntil(() => said.Count > 0, TimeSpan.FromSeconds(10)));
        Assert.Equal([message], said);
    }
}
