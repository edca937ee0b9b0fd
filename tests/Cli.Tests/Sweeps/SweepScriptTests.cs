using Rlhf.Cli.Tests.Scripts;

namespace Rlhf.Cli.Tests.Sweeps;

public sealed class SweepScriptTests : IDisposable
{
    private readonly Bash _shell = new();

    public SweepScriptTests()
    {
        _shell.Stand("sbatch", $"echo \"$@\" >> '{_shell.Folder}/sbatch.log'; grep -c '' '{_shell.Folder}/sbatch.log'\n");
        _shell.Stand("rlhf-of-the-test", $"exec dotnet '{Path.Combine(AppContext.BaseDirectory, "Rlhf.Cli.dll")}' \"$@\"\n");
        _shell.Variables["RLHF"] = Path.Combine(_shell.Folder, "programs", "rlhf-of-the-test");
    }

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Sweep_Submitted_IsSharedThenAnArrayOfPointsThenTheReport()
    {
        var ending = _shell.Run($"{Bash.Script("slurm", "sweep.sh")} name=demo 'sweep.grid={{seed: [1, 2, 3], device: [cpu]}}'");
        Assert.Equal("", string.Join('\n', ending.Error.Split('\n').Where(line => line.Contains("error", StringComparison.OrdinalIgnoreCase))));
        Assert.Equal((0, "sweep: 3 points: shared stages in job 1, points in array 2, report in job 3\n"), (ending.Code, ending.Output));
        var script = Bash.Script("slurm", "sweep.sbatch");
        Assert.Equal(
        [
            $"--parsable {script} shared name=demo sweep.grid={{seed: [1, 2, 3], device: [cpu]}}",
            $"--parsable --dependency=afterok:1 --array=0-2%8 {script} point name=demo sweep.grid={{seed: [1, 2, 3], device: [cpu]}}",
            $"--parsable --dependency=afterany:2 {script} report name=demo sweep.grid={{seed: [1, 2, 3], device: [cpu]}}",
        ], File.ReadAllLines(Path.Combine(_shell.Folder, "sbatch.log")));
    }

    [Fact]
    public void Sweep_GridThatCannotRun_IsNotSubmitted()
    {
        var ending = _shell.Run($"{Bash.Script("slurm", "sweep.sh")} 'sweep.grid={{sead: [1]}}'");
        Assert.NotEqual(0, ending.Code);
        Assert.Contains("did you mean 'seed'", ending.Error);
        Assert.False(File.Exists(Path.Combine(_shell.Folder, "sbatch.log")));
    }

    [Fact]
    public void Sweep_SubmittedFromAnotherFolder_RunsThereWithTheProgramOfItsCheckout()
    {
        var (checkout, elsewhere) = (Path.Combine(_shell.Folder, "checkout"), Path.Combine(_shell.Folder, "elsewhere"));
        Directory.CreateDirectory(elsewhere);
        _shell.Run($"mkdir -p '{checkout}/scripts' && cp -r '{Bash.Script("slurm")}' '{checkout}/scripts' && mv programs/rlhf-of-the-test '{checkout}/scripts/rlhf'");
        _shell.Variables.Remove("RLHF");
        File.WriteAllText(Path.Combine(checkout, "scripts", "rlhf"), "#!/usr/bin/env bash\nif [ \"${!#}\" = --dry-run ]; then echo point; else echo \"$PWD: $*\" >&2; fi\n");
        // Slurm runs a copy of the script.
        _shell.Stand("sbatch", """
            while [[ $1 = --* ]]; do shift; done
            cp "$1" job
            shift
            SLURM_SUBMIT_DIR=$PWD bash job "$@" && echo 1
            """);

        var ending = _shell.Run("cd elsewhere && ../checkout/scripts/slurm/sweep.sh my.yaml");

        Assert.Equal((0, string.Concat(new[] { "shared", "point", "report" }.Select(part => $"{elsewhere}: sweep my.yaml sweep.part={part} sweep.index=0\n"))), (ending.Code, ending.Error));
    }

    [Fact]
    public void ArrayElement_RunsThePointOfItsIndex()
    {
        _shell.Stand("rlhf-of-the-test", "echo \"$@\"\n");
        _shell.Variables["SLURM_ARRAY_TASK_ID"] = "2";
        _shell.Variables["SLURM_SUBMIT_DIR"] = Rlhf.TestSupport.TestData.Repository;
        var ending = _shell.Run($"bash {Bash.Script("slurm", "sweep.sbatch")} point recipe.yaml");
        Assert.Equal((0, "sweep recipe.yaml sweep.part=point sweep.index=2\n"), (ending.Code, ending.Output));
    }
}
