namespace Rlhf.Cli.Tests.Scripts;

/// <summary>The batch files beside a stand-in for Slurm that starts a job, takes its machine away, and starts it again.</summary>
public sealed class SlurmTests : IDisposable
{
    private readonly Bash _shell = new();

    public SlurmTests()
    {
        var slurm = Path.Combine(_shell.Folder, "scripts", "slurm");
        Directory.CreateDirectory(slurm);
        foreach (var file in Directory.EnumerateFiles( Bash.Script("slurm"))) File.Copy(file, Path.Combine(slurm, Path.GetFileName(file)));
        File.Copy( Bash.Script("train.sh"), Path.Combine(_shell.Folder, "scripts", "train.sh"));
        File.WriteAllText(Path.Combine(_shell.Folder, "my.yaml"), "name: x\n");
        _shell.Stand("scontrol", "if [ \"$1\" = show ]; then echo node1; else echo \"$@\" >> requeued; fi\n");
        _shell.Stand("srun", "while [[ $1 = -* ]]; do shift; done; SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=4 exec \"$@\"\n");
        // Runs the job, sends the signal its #SBATCH line asks for once the job works, and runs it again when it was put back.
        _shell.Stand("sbatch", """
            export SLURM_JOB_ID=7 SLURM_SUBMIT_DIR=$PWD SLURM_JOB_NODELIST=node1 SLURM_CPUS_PER_TASK=2
            signal=$(sed -n 's/^#SBATCH --signal=B:\([A-Z0-9]*\)@.*/\1/p' "$1")
            for SLURM_RESTART_COUNT in 0 1 2; do
              export SLURM_RESTART_COUNT
              rm -f ready requeued
              bash "$@" & job=$!
              if [ "$SLURM_RESTART_COUNT" = 0 ]; then until [ -e ready ]; do sleep 0.05; done; kill -"$signal" $job; fi
              wait $job || exit $?
              [ -e requeued ] || exit 0
            done
            exit 99
            """);
    }

    public void Dispose() => _shell.Dispose();

    [Theory]
    [InlineData("train.sbatch my.yaml seed=3", "ppo my.yaml seed=3 device=auto", "report runs/x")]
    [InlineData("multi-gpu.sbatch ppo my.yaml", "ppo my.yaml", "")]
    [InlineData("multi-node.sbatch ppo my.yaml", "ppo my.yaml", "")]
    [InlineData("multi-node.sbatch ppo my.yaml device=cpu", "ppo my.yaml device=cpu", "")]
    public void Job_MachineTakenAway_LeavesACheckpointAndComesBackToFinish(string job, string call, string last)
    {
        Program();

        var ending = _shell.Run($"sbatch scripts/slurm/{job}");

        Assert.True(ending.Code == 0, ending.Error);
        Assert.Contains("requeue: stopped after SIGUSR1; job 7 goes back into the queue\n", ending.Error, StringComparison.Ordinal);
        string[] expected = [call, "checkpoint", call, "finished", .. last.Length > 0 ? [last, "finished"] : Array.Empty<string>()];
        Assert.Equal(expected, File.ReadAllLines(Path.Combine(_shell.Folder, "log")));
    }

    [Theory]
    [InlineData("train.sbatch my.yaml", "ppo my.yaml device=auto", "report runs/x")]
    [InlineData("multi-gpu.sbatch ppo my.yaml", "ppo my.yaml", "")]
    public void Job_MachineTakenAwayBeforeTheProgramHears_ComesBackToFinish(string job, string call, string last)
    {
        Program(before: "if [ ! -e begun ]; then touch begun ready; while :; do sleep 0.05; done; fi; echo checkpoint >> log");

        var ending = _shell.Run($"sbatch scripts/slurm/{job}");

        Assert.True(ending.Code == 0, ending.Error);
        string[] expected = [call, call, "checkpoint", "finished", .. last.Length > 0 ? [last, "checkpoint", "finished"] : Array.Empty<string>()];
        Assert.Equal(expected, File.ReadAllLines(Path.Combine(_shell.Folder, "log")));
    }

    /// <summary>A program that works until it is stopped the first time, and finishes from its checkpoint the second.</summary>
    /// <param name="before">What it does while a signal still ends it.</param>
    private void Program(string before = "")
    {
        var path = Path.Combine(_shell.Folder, "scripts", "rlhf");
        File.WriteAllText(path, $$"""
            #!/usr/bin/env bash
            case " $* " in *" --print-recipe "*) printf 'name: x\n\nppo:\n  clip: 0.2\n'; exit 0 ;; *" --version "*) exit 0 ;; esac
            echo "$*" >> log
            {{before}}
            if grep -q checkpoint log; then echo finished >> log; exit 0; fi
            trap 'echo checkpoint >> log; exit 130' TERM USR1
            touch ready
            while :; do sleep 0.05; done

            """);
        _shell.Run("chmod +x scripts/rlhf");
    }
}
