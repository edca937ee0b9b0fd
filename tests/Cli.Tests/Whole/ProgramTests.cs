using System.Text.Json;
using Rlhf.Rewards.World;

namespace Rlhf.Cli.Tests.Whole;

public sealed class ProgramTests
{
    [Fact]
    public void Rlhf_Doctor_FindsAWorkingLibtorch()
    {
        var ending = ProgramProcess.Run(Path.GetTempPath(), "doctor", "--json");

        var findings = JsonDocument.Parse(ending.Output).RootElement.EnumerateArray().ToList();
        Assert.Equal("good", findings.Single(finding => finding.GetProperty("subject").GetString() == "libtorch").GetProperty("health").GetString());
        Assert.Equal(0, ending.Code);
        Assert.Equal("", ending.Error);
    }

    [Fact]
    public void Rlhf_UnknownCommand_EndsWithTwoAndOneLine()
    {
        var ending = ProgramProcess.Run(Path.GetTempPath(), "doctr");

        Assert.Equal((2, "", "rlhf: unknown command 'doctr'; did you mean 'doctor'?\n"), (ending.Code, ending.Output, ending.Error));
    }
}
