using Rlhf.Cli.Sweeps;

namespace Rlhf.Cli.Tests.Sweeps;

public sealed class ChildProgramTests
{
    [Fact]
    public async Task Run_LogOnAFullDisk_StillTellsHowItEnded()
    {
        var ending = await new ChildProgram("bash", ["-c", "echo one; echo 'two ' >&2; exit 3"]).Run([], "/dev/full", CancellationToken.None);

        Assert.Equal(new ChildEnding(3, "two"), ending);
    }
}
