namespace Rlhf.Cli.Tests.Scripts;

public sealed class ScriptTests : IDisposable
{
    private readonly Bash _shell = new();

    public void Dispose() => _shell.Dispose();

    public static TheoryData<string> Scripts() =>
        [.. Directory.EnumerateFiles(Path.Combine(TestData.Repository, "scripts"), "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(TestData.Repository, path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_Any_IsSoundBash(string script)
    {
        var ending = _shell.Run($"cd '{TestData.Repository}' && bash -n '{script}' && if command -v shellcheck >/dev/null; then shellcheck -x '{script}'; fi");

        Assert.Equal((0, "", ""), (ending.Code, ending.Output, ending.Error));
    }

    [Fact]
    public void Launch_TwoRanks_GetTorchrunsVariables()
    {
        var ending = _shell.Run($"{Bash.Script("launch.sh")} -e nccl -n 2 bash -c 'echo \"$RANK/$WORLD_SIZE $LOCAL_RANK $MASTER_ADDR $([ -n \"$MASTER_PORT\" ] && echo port)\"'");

        Assert.Equal(0, ending.Code);
        Assert.Equal(["0/2 0 127.0.0.1 port", "1/2 1 127.0.0.1 port"], ending.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Launch_OneRankDies_EndsTheOthersAndSaysWhich()
    {
        var ending = _shell.Run($"{Bash.Script("launch.sh")} -e nccl -n 2 bash -c 'if [ \"$RANK\" = 1 ]; then exit 7; fi; exec sleep 50'");

        Assert.Equal((7, "launch: rank 1 ended with 7; ending the others\n"), (ending.Code, ending.Error));
    }

    [Fact]
    public void Launch_Signal_GoesToAllRanksAndTheirCodeComesBack()
    {
        var ending = _shell.Run($"{Bash.Script("launch.sh")} -e nccl -n 2 bash -c 'trap \"exit 130\" TERM; touch ready-$RANK; while :; do sleep 0.05; done' & p=$!; until [ -e ready-0 ] && [ -e ready-1 ]; do sleep 0.05; done; kill -TERM $p; wait $p");

        Assert.Equal((130, ""), (ending.Code, ending.Error));
    }

    [Theory]
    [InlineData("", "launch: -n wants the number of processes")]
    [InlineData("-n x true", "launch: -n wants the number of processes")]
    [InlineData("-n 2", "launch: no command given")]
    [InlineData("-e gloo -n 2 true", "launch: -e is mpi or nccl")]
    public void Launch_WrongUsage_IsTwo(string words, string message)
    {
        var ending = _shell.Run($"{Bash.Script("launch.sh")} {words}");

        Assert.Equal(2, ending.Code);
        Assert.StartsWith(message, ending.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("USR1", "5_2")]
    [InlineData("TERM", "5_2")]
    public void Requeue_SignalThenCheckpoint_PutsTheArrayElementBack(string signal, string job)
    {
        Slurm();
        var ending = _shell.Run($"(source {Bash.Script("slurm", "requeue.sh")}; run_and_requeue bash -c 'trap \"exit 130\" USR1 TERM; touch ready; while :; do sleep 0.05; done') & p=$!; until [ -e ready ]; do sleep 0.05; done; kill -{signal} $p; wait $p");

        Assert.Equal(0, ending.Code);
        Assert.Equal($"requeue {job}\n", File.ReadAllText(Path.Combine(_shell.Folder, "scontrol.log")));
    }

    [Theory]
    [InlineData("exit 1", 1)]
    [InlineData("exit 130", 130)]
    [InlineData("exit 0", 0)]
    public void Requeue_EndedByItself_KeepsTheCodeAndTheQueue(string command, int code)
    {
        Slurm();
        var ending = _shell.Run($"source {Bash.Script("slurm", "requeue.sh")}; run_and_requeue bash -c '{command}'");

        Assert.Equal(code, ending.Code);
        Assert.False(File.Exists(Path.Combine(_shell.Folder, "scontrol.log")));
    }

    [Fact]
    public void Requeue_RestartedTooOften_GivesUp()
    {
        Slurm();
        _shell.Variables["SLURM_RESTART_COUNT"] = "3";
        _shell.Variables["RLHF_MAX_RESTARTS"] = "3";
        var ending = _shell.Run($"(source {Bash.Script("slurm", "requeue.sh")}; run_and_requeue bash -c 'trap \"exit 130\" USR1; touch ready; while :; do sleep 0.05; done') & p=$!; until [ -e ready ]; do sleep 0.05; done; kill -USR1 $p; wait $p");

        Assert.Equal((1, "requeue: restarted 3 times already; not again\n"), (ending.Code, ending.Error));
    }

    private void Slurm()
    {
        _shell.Stand("scontrol", $"echo \"$@\" >> '{_shell.Folder}/scontrol.log'\n");
        _shell.Variables["SLURM_JOB_ID"] = "7";
        _shell.Variables["SLURM_ARRAY_JOB_ID"] = "5";
        _shell.Variables["SLURM_ARRAY_TASK_ID"] = "2";
    }
}
