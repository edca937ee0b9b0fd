using System.Text.Json;
using System.Text.RegularExpressions;
using Rlhf.Cli.Tests.Scripts;
using Rlhf.Policies.Checkpoints;
using Rlhf.Rewards.Models;
using TorchSharp;

namespace Rlhf.Cli.Tests.Whole;

/// <summary>Several processes on one job, as `scripts/launch.sh` starts them over MPI: they do what one would, and end together.</summary>
public sealed partial class JobTests(TrainedWorld world) : IClassFixture<TrainedWorld>
{
    private const int Timeout = 6;

    [Theory]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(4, true)]
    public void Ppo_SeveralRanks_HaveTheRolloutsOfOneAndItsWeightsToRounding(int ranks, bool shard)
    {
        var name = $"ppo-{ranks}-{shard}";
        var alone = ProgramProcess.Run(world.Folder, "ppo", "tiny.yaml", "out=ppo-alone");
        var together = Launch(ranks, $"ppo tiny.yaml out={name} ppo.optimizer.shard={Word(shard)}");

        Assert.True(alone.Code == 0, alone.Error);
        Assert.True(together.Code == 0, together.Error);
        Assert.Equal(Responses("ppo-alone"), Responses(name));
        Assert.Equal(40, Responses(name).Length);
        Assert.Equal(Numbers("ppo-alone", "ppo", "policy_loss"), Numbers(name, "ppo", "policy_loss"), (one, two) => Math.Abs(one - two) < 1e-5);
        Assert.Equal(Numbers("ppo-alone", "ppo", "score"), Numbers(name, "ppo", "score"));
        Assert.All(Numbers(name, "ppo", "seconds_exchanging"), seconds => Assert.True(seconds > 0));
        Assert.Equal(5, Numbers(name, "ppo", "seconds_exchanging").Length);
        using var one = ModelFolder.Load(world.At("ppo-alone", "ppo", "final"), torch.CPU);
        using var two = ModelFolder.Load(world.At(name, "ppo", "final"), torch.CPU);
        using var start = ModelFolder.Load(world.At("start", "sft", "final"), torch.CPU);
        Assert.InRange(Distance(one, two), 0, 1e-5);
        Assert.True(Distance(one, start) > 1e-4, "five steps moved the weights by much more than what is compared");
    }

    [Theory]
    [InlineData("sft", 2, false)]
    [InlineData("sft", 4, true)]
    [InlineData("reward", 2, true)]
    [InlineData("reward", 4, false)]
    [InlineData("dpo", 2, true)]
    [InlineData("dpo", 4, false)]
    public void Stage_SeveralRanks_HasTheLossesOfOneAndItsWeightsToRounding(string stage, int ranks, bool shard)
    {
        var keys = stage == "sft" ? "sft.epochs=0.04" : $"{stage}.data=pairs.jsonl {stage}.batch_size=14";
        File.WriteAllLines(world.At("pairs.jsonl"), Enumerable.Range(0, 60).Select(i => $$"""{"prompt": "ask {{new string('x', i % 7)}} {{i}}?", "chosen": " yes {{i % 3}}", "rejected": " no {{i % 5}} at all"}"""));
        var command = $"{stage} tiny.yaml {stage}.model=start/sft/final {keys} {stage}.optimizer.learning_rate=1e-4 {stage}.optimizer.warmup_steps=0";
        var (first, second) = ($"{stage}-alone", $"{stage}-{ranks}");
        var alone = world.Run($"{TrainedWorld.Program} {command} out={first}");
        var together = Launch(ranks, $"{command} {stage}.optimizer.shard={Word(shard)} out={second}");

        Assert.True(alone.Code == 0, alone.Error);
        Assert.True(together.Code == 0, together.Error);
        Assert.Contains($"\"ranks\": \"{ranks}\"", File.ReadAllText(world.At(second, stage, "environment.json")), StringComparison.Ordinal);
        Assert.InRange(Numbers(first, stage, "loss").Length, 4, 8);
        foreach (var metric in new[] { "loss", "gradient_norm" }) Assert.Equal(Numbers(first, stage, metric), Numbers(second, stage, metric), (one, two) => Math.Abs(one - two) < 1e-5 * Math.Max(1, Math.Abs(one)));
        using var one = Weights(first, stage);
        using var two = Weights(second, stage);
        using var start = ModelFolder.Load(world.At("start", "sft", "final"), torch.CPU);
        Assert.InRange(Distance(one, two), 0, 1e-5);
        Assert.True(Distance(start, one) > 1e-4, "training moved the weights by much more than what is compared");
    }

    /// <summary>A sum of gradients is rounded to bfloat16 where every rank keeps all of it, and is not where each keeps its share: the weights part by a little, and where a gradient is next to
    /// nothing, by a step of AdamW's. A rank left out would part them by about as much as training moved them.</summary>
    [Fact]
    public void Sft_InBfloat16OnTwoRanks_IsTheSameWithASharedOptimizer()
    {
        var command = "sft tiny.yaml sft.model=start/sft/final sft.epochs=0.04 sft.optimizer.learning_rate=1e-3 sft.optimizer.warmup_steps=0 dtype=bfloat16";
        var whole = Launch(2, $"{command} out=narrow");
        var parted = Launch(2, $"{command} out=narrow-parted sft.optimizer.shard=true");

        Assert.True(whole.Code == 0, whole.Error);
        Assert.True(parted.Code == 0, parted.Error);
        Assert.Equal(Numbers("narrow", "sft", "loss"), Numbers("narrow-parted", "sft", "loss"), (one, two) => Math.Abs(one - two) < 2e-4);
        using var one = Weights("narrow", "sft");
        using var two = Weights("narrow-parted", "sft");
        using var start = ModelFolder.Load(world.At("start", "sft", "final"), torch.CPU);
        Assert.True(Distance(start, one) > 3e-3, "training moved the weights by much more than what is compared");
        Assert.InRange(Norm(one, two) / Norm(start, one), 0, 0.02);
    }

    [Fact]
    public void Curve_TwoRanks_HasTheCurveOfOne()
    {
        Assert.Equal(0, ProgramProcess.Run(world.Folder, "ppo", "tiny.yaml", "out=curved").Code);
        var prompts = Path.Combine(TestData.Repository, "data", "world", "prompts.eval.parquet");
        var command = $"curve curved curve.prompts={prompts} curve.max_prompts=7 curve.samples=1 curve.best_of=2 threads=1 device=cpu";
        var alone = world.Run($"{TrainedWorld.Program} {command} out=curve-alone");
        var together = Launch(2, $"{command} out=curve-together");

        Assert.True(alone.Code == 0, alone.Error);
        Assert.True(together.Code == 0, together.Error);
        var (one, two) = (Curve("curve-alone"), Curve("curve-together"));
        Assert.Equal(one.Length, two.Length);
        Assert.Equal(one, two, (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void Ppo_StoppedOnFourRanksThatShareTheOptimizer_GoesOnWithOneAndWithTwo()
    {
        var settings = "ppo tiny.yaml ppo.optimizer.shard=true ppo.optimizer.schedule=constant";
        var whole = world.Run($"{TrainedWorld.Program} {settings} out=through ppo.steps=6");
        var first = Launch(4, $"{settings} out=parted ppo.steps=6 save_every=3", stopAt: "parted/ppo/checkpoints/step-000003");

        Assert.True(whole.Code == 0, whole.Error);
        Assert.True(first.Code is 0 or 130, first.Error);
        world.Run("rm -rf parted/ppo/final; find parted/ppo/checkpoints -name 'step-*' ! -name step-000003 -exec rm -r {} +; cp -r parted parted-2");
        var one = world.Run($"{TrainedWorld.Program} {settings} out=parted ppo.steps=6 resume=must");
        var two = Launch(2, $"{settings} out=parted-2 ppo.steps=6 resume=must");

        Assert.True(one.Code == 0, one.Error);
        Assert.True(two.Code == 0, two.Error);
        using var expected = ModelFolder.Load(world.At("through", "ppo", "final"), torch.CPU);
        foreach (var run in new[] { "parted", "parted-2" })
        {
            using var found = ModelFolder.Load(world.At(run, "ppo", "final"), torch.CPU);
            Assert.InRange(Distance(expected, found), 0, 1e-5);
        }
    }

    [Theory]
    [InlineData("KILL", 137, "rank 1 of 2 \\(.*, process \\d+\\) is gone; the job ends here, start it again to go on from its last checkpoint")]
    [InlineData("STOP", 1, "rank 1 of 2 \\(.*, process \\d+\\) has not been heard of for 6 s; the job ends here, start it again to go on from its last checkpoint")]
    [InlineData("TERM", 130, "stopped after step \\d+ with a checkpoint in rank-TERM/ppo; run the same command again to go on")]
    public void Ppo_OneRankGoes_EndsTheJobWithALineAndNoHang(string signal, int code, string line)
    {
        WantMpi();
        var ending = world.Run($$"""
            export RLHF_RANK_TIMEOUT={{Timeout}}
            {{Bash.Script("launch.sh")}} -e mpi -n 2 bash -c 'echo $$ > pid-{{signal}}-$OMPI_COMM_WORLD_RANK; exec {{TrainedWorld.Program.Replace("'", "\"", StringComparison.Ordinal)}} ppo tiny.yaml out=rank-{{signal}} ppo.steps=100000' & job=$!
            until [ -s rank-{{signal}}/ppo/metrics.jsonl ]; do sleep 0.1; done
            kill -{{signal}} "$(cat pid-{{signal}}-1)"; wait $job; code=$?
            kill -KILL "$(cat pid-{{signal}}-1)" 2>/dev/null; exit $code
            """);

        Assert.Equal(code, ending.Code);
        Assert.Single(Regex.Matches(ending.Error, $"(?m)^rlhf ppo: {line}$"));
        Assert.Single(Regex.Matches(ending.Error, "(?m)^rlhf ppo: "));
    }

    [Theory]
    [InlineData("seed=$OMPI_COMM_WORLD_RANK", "rank 1 of 2 \\(.*\\) runs another recipe: 'seed: 1' where rank 0 has 'seed: 0'; give all ranks the same recipe, keys and files")]
    [InlineData("ppo.prompts=prompts.jsonl out=../other", "rank 1 of 2 \\(.*\\) has other data: prompts.jsonl is not what it is on rank 0; give all ranks the same recipe, keys and files")]
    [InlineData("out=mine", "rank 1 of 2 \\(.*\\) does not see mine/ppo of rank 0 \\(.*\\); all ranks have to see one folder, so put it on a file system that they share")]
    [InlineData("ppo.optimizer.learning_rate=1e30 ppo.optimizer.max_gradient_norm=0 out=../wild", "step \\d+: .* (NaN|infinit).*")]
    public void Ppo_RanksThatDisagreeOrFail_EndWithOneLine(string keys, string line)
    {
        WantMpi();
        var ending = world.Run($$"""
            rm -rf place-0 place-1
            for rank in 0 1; do mkdir place-$rank; cp -r start place-$rank/; echo "{\"prompt\": \"$rank\"}" > place-$rank/prompts.jsonl; done
            export RLHF_RANK_TIMEOUT=30
            {{Bash.Script("launch.sh")}} -e mpi -n 2 bash -c 'cd place-$OMPI_COMM_WORLD_RANK; exec {{TrainedWorld.Program.Replace("'", "\"", StringComparison.Ordinal)}} ppo ../tiny.yaml {{keys}}'
            """);

        Assert.Equal(1, ending.Code);
        Assert.Single(Regex.Matches(ending.Error, $"(?m)^rlhf ppo: {line}$"));
        Assert.Single(Regex.Matches(ending.Error, "(?m)^rlhf ppo: "));
    }

    [Fact]
    public void Ppo_OneOfSeveralThatNobodyKnowsOf_IsRefusedInOneLine()
    {
        var ending = world.Run($"RANK=0 WORLD_SIZE=2 {TrainedWorld.Program} ppo tiny.yaml out=one-of-two");

        Assert.Equal((1, "rlhf ppo: 2 processes on the CPU work together by MPI, which does not know of them; start them with scripts/launch.sh, mpirun, or srun --mpi=pmix\n"), (ending.Code, ending.Error));
    }

    [Fact]
    public void Demo_OneOfSeveral_IsRefusedInOneLine()
    {
        var ending = world.Run($"RANK=0 WORLD_SIZE=2 {TrainedWorld.Program} demo tiny.yaml out=one-of-two");

        Assert.Equal((1, "rlhf demo: 2 processes were started, and this command is the work of one; several share sft, reward, ppo, dpo and curve\n"), (ending.Code, ending.Error));
    }

    private static void WantMpi() => Assert.SkipUnless(Bash.Has("mpirun"), "processes on the CPU need mpirun of Open MPI: apt-get install openmpi-bin libopenmpi3");

    private Bash.Ending Launch(int ranks, string command, string? stopAt = null)
    {
        WantMpi();
        var launch = $"{Bash.Script("launch.sh")} -e mpi -n {ranks} {TrainedWorld.Program} {command}";
        return world.Run(stopAt is null ? launch : $"{launch} & job=$!; until [ -d {stopAt} ] || ! kill -0 $job; do sleep 0.05; done; kill -TERM $job; wait $job");
    }

    private static string Word(bool value) => value ? "true" : "false";

    private string[] Responses(string run) => [.. File.ReadLines(world.At(run, "ppo", "samples.jsonl")).Select(line => Score().Match(line).Groups[1].Value)];

    private double[] Numbers(string run, string stage, string metric) =>
        [.. File.ReadLines(world.At(run, stage, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty(metric).GetDouble())];

    private double[] Curve(string run) =>
        [.. OfANumber().Matches(File.ReadAllText(world.At(run, "curve", "curve.csv")).Split('\n', 2)[1]).Select(match => double.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture))];

    private torch.nn.Module Weights(string run, string stage) => stage == "reward"
        ? RewardFolder.Load(world.At(run, stage, "final"), torch.CPU).Models[0]
        : ModelFolder.Load(world.At(run, stage, "final"), torch.CPU);

    private static double Distance(torch.nn.Module one, torch.nn.Module two)
    {
        var others = two.named_parameters().ToDictionary(parameter => parameter.name, parameter => parameter.parameter);
        return one.named_parameters().Max(parameter => (double)parameter.parameter.sub(others[parameter.name]).abs().max().item<float>());
    }

    private static double Norm(torch.nn.Module one, torch.nn.Module two)
    {
        var others = two.named_parameters().ToDictionary(parameter => parameter.name, parameter => parameter.parameter);
        return Math.Sqrt(one.named_parameters().Sum(parameter => Math.Pow(parameter.parameter.sub(others[parameter.name]).norm().item<float>(), 2)));
    }

    // Step, prompt, response and score; the KL behind them has the weights' rounding.
    [GeneratedRegex("^(.*),\"kl\":")]
    private static partial Regex Score();

    [GeneratedRegex(@"-?\d+(\.\d+)?([eE][-+]?\d+)?")]
    private static partial Regex OfANumber();
}
