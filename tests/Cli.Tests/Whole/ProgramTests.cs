using System.Text.Json;
using System.Text.RegularExpressions;
using Rlhf.Cli.Tests.Scripts;
using Rlhf.Foundation.Torch;

namespace Rlhf.Cli.Tests.Whole;

public sealed class ProgramTests : IDisposable
{
    private readonly Bash _shell = new();

    public void Dispose() => _shell.Dispose();

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
    public void Rlhf_Doctor_SaysWhereLibtorchIsFrom()
    {
        var native = Path.GetDirectoryName(LibtorchFolder.Find().Path)!;

        var own = _shell.Run($"{TrainedWorld.Program} doctor");
        var named = _shell.Run($"RLHF_LIBTORCH='{LibtorchFolder.Find().Path}' {TrainedWorld.Program} doctor");

        Assert.Matches(@"\ngood  libtorch   2\.1[01]\.\d+ of its package, .*, under TorchSharp [\d.]+; it computes\n", own.Output);
        Assert.Matches($@"\ngood  libtorch   2\.1[01]\.\d+ named by RLHF_LIBTORCH, {Regex.Escape(native)}/.*; it computes\n", named.Output);
    }

    [Theory]
    [InlineData("", "1000")]
    [InlineData("GOMP_SPINCOUNT=77", "77")]
    [InlineData("OMP_WAIT_POLICY=passive", "0")]
    public void Doctor_ThreadsThatWait_SleepSoonUnlessTheEnvironmentSaysOtherwise(string variables, string looks)
    {
        var ending = _shell.Run($"OMP_DISPLAY_ENV=verbose {variables} {TrainedWorld.Program} doctor");

        Assert.Contains($"GOMP_SPINCOUNT = '{looks}'", ending.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Rlhf_DoctorWhereLibtorchIsNot_SaysSoAndLooksAtTheRest()
    {
        var ending = _shell.Run($"RLHF_LIBTORCH=programs {TrainedWorld.Program} doctor");

        Assert.Equal((1, ""), (ending.Code, ending.Error));
        Assert.Contains("\nbad   libtorch   RLHF_LIBTORCH is programs, where there is no libtorch.so, nor under lib; ", ending.Output, StringComparison.Ordinal);
        Assert.Contains(" GiB free under ", ending.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Rlhf_Help_StartsWithoutLibtorch()
    {
        // Whoever loaded it here would end with a line about the folder.
        var start = $"RLHF_LIBTORCH=programs {TrainedWorld.Program}";
        var ending = _shell.Run($"{start} --help");
        Assert.Equal((0, ""), (ending.Code, ending.Error));
        Assert.Contains("first steps:", ending.Output, StringComparison.Ordinal);

        // 0.05 s on an idle machine; the shortest of five, because others may be at work on this one.
        var seconds = _shell.Run($"TIMEFORMAT=%R; for i in 1 2 3 4 5; do time {start} --help >/dev/null; done").Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Min(double.Parse);
        Assert.InRange(seconds, 0, 0.3);
    }

    [Fact]
    public void Rlhf_UnknownCommand_EndsWithTwoAndOneLine()
    {
        var ending = ProgramProcess.Run(Path.GetTempPath(), "doctr");

        Assert.Equal((2, "", "rlhf: unknown command 'doctr'; did you mean 'doctor'?\n"), (ending.Code, ending.Output, ending.Error));
    }
}
