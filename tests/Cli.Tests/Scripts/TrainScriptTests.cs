namespace Rlhf.Cli.Tests.Scripts;

/// <summary>scripts/train.sh beside a stand-in for the program that writes down how it is called.</summary>
public sealed class TrainScriptTests : IDisposable
{
    private readonly Bash _shell = new();

    public TrainScriptTests()
    {
        File.Copy( Bash.Script("train.sh"), Path.Combine(_shell.Folder, "train.sh"));
        File.WriteAllText(Path.Combine(_shell.Folder, "my.yaml"), "name: x\n");
        Program("exit 0");
    }

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Train_Recipe_RunsTheStagesItHasInOrder()
    {
        var ending = _shell.Run("bash train.sh my.yaml seed=2");

        Assert.Equal(0, ending.Code);
        Assert.Equal(["sft my.yaml seed=2", "reward my.yaml seed=2", "ppo my.yaml seed=2", "report runs/x"], Calls());
    }

    [Fact]
    public void Train_StagesGiven_RunsThese()
    {
        _shell.Variables["STAGES"] = "reward curve";

        Assert.Equal(0, _shell.Run("bash train.sh my.yaml").Code);
        Assert.Equal(["reward my.yaml", "curve my.yaml"], Calls());
    }

    [Theory]
    [InlineData("resume=must")]
    [InlineData("--resume must")]
    public void Train_ResumeMust_AsksItOfTheFirstStageAlone(string word)
    {
        Assert.Equal(0, _shell.Run($"resume=must bash train.sh my.yaml {word}").Code);
        Assert.Equal([$"sft my.yaml {word}", $"reward my.yaml {word} resume=auto", $"ppo my.yaml {word} resume=auto", "report runs/x"], Calls());
    }

    [Fact]
    public void Train_ResumeNever_StartsEveryStageOver()
    {
        Assert.Equal(0, _shell.Run("resume=never bash train.sh my.yaml resume=never").Code);
        Assert.Equal(["sft my.yaml resume=never", "reward my.yaml resume=never", "ppo my.yaml resume=never", "report runs/x"], Calls());
    }

    [Fact]
    public void Train_StageFails_StopsThereWithItsCode()
    {
        Program("if [ \"$1\" = reward ]; then exit 1; fi");

        var ending = _shell.Run("bash train.sh my.yaml");

        Assert.Equal(1, ending.Code);
        Assert.EndsWith("train: reward ended with 1; the same command goes on from there\n", ending.Error, StringComparison.Ordinal);
        Assert.Equal(["sft my.yaml", "reward my.yaml"], Calls());
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("USR1")]
    public void Train_Signal_ReachesTheStageAndItsCheckpointIsAwaited(string signal)
    {
        Program("trap 'sleep 0.3; touch checkpoint; exit 130' TERM; touch ready; while :; do sleep 0.05; done");

        var ending = _shell.Run($"bash train.sh my.yaml & p=$!; until [ -e ready ]; do sleep 0.05; done; kill -{signal} $p; wait $p");

        Assert.Equal(130, ending.Code);
        Assert.True(File.Exists(Path.Combine(_shell.Folder, "checkpoint")));
        Assert.Equal(["sft my.yaml"], Calls());
    }

    [Theory]
    [InlineData("TERM", "sft", "reward")]
    [InlineData("USR1", "reward", "ppo")]
    [InlineData("USR1", "ppo", "the report")]
    public void Train_SignalAfterAStagesLastStep_StopsBeforeTheNext(string signal, string stage, string next)
    {
        Program($"if [ \"$1\" = {stage} ]; then trap 'sleep 0.3; exit 0' TERM; touch ready; while :; do sleep 0.05; done; fi");

        var ending = _shell.Run($"bash train.sh my.yaml & p=$!; until [ -e ready ]; do sleep 0.05; done; kill -{signal} $p; wait $p");

        Assert.Equal(130, ending.Code);
        Assert.EndsWith($"train: stopped before {next}; the same command goes on from there\n", ending.Error, StringComparison.Ordinal);
        Assert.Equal($"{stage} my.yaml", Calls()[^1]);
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("nowhere.yaml", 2)]
    public void Train_WithoutRecipe_IsWrongUsage(string words, int code) => Assert.Equal(code, _shell.Run($"bash train.sh {words}").Code);

    /// <summary>A program that prints a recipe of three stages (with the resume of its environment), and otherwise notes its arguments and does as told.</summary>
    private void Program(string script)
    {
        File.WriteAllText(Path.Combine(_shell.Folder, "rlhf"), $$"""
            #!/usr/bin/env bash
            case " $* " in
              *" --print-recipe "*) printf 'name: x   # name\nresume: %s   # what to do\n\nppo:   # policy\n  clip: 0.2\n\nsft:\n  epochs: 1\n\nreward:   # judge\n  epochs: 1\n' "${resume:-auto}"; exit 0 ;;
            esac
            echo "$*" >> '{{_shell.Folder}}/calls'
            {{script}}

            """);
        _shell.Run("chmod +x rlhf");
    }

    private string[] Calls() => File.ReadAllLines(Path.Combine(_shell.Folder, "calls"));
}
