using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rlhf.Cli.Tests.Scripts;
using Rlhf.Policies.Checkpoints;
using Rlhf.Rewards.Models;
using TorchSharp;

namespace Rlhf.Cli.Tests.Whole;

/// <summary>`rlhf ppo`, and what the other stages share with it, as users run it: twice, stopped, as several processes, and with what may go wrong.</summary>
public sealed partial class TrainedWorldTests(TrainedWorld world) : IClassFixture<TrainedWorld>
{
    [Fact]
    public void Ppo_SameRecipeAndSeedTwice_WritesTheSameMetricsApartFromTimes()
    {
        Assert.Equal(0, ProgramProcess.Run(world.Folder, "ppo", "tiny.yaml", "out=first").Code);
        Assert.Equal(0, ProgramProcess.Run(world.Folder, "ppo", "tiny.yaml", "out=second").Code);
        Assert.Equal(0, ProgramProcess.Run(world.Folder, "ppo", "tiny.yaml", "out=other", "seed=2").Code);

        Assert.Equal(5, Metrics("first").Length);
        Assert.Contains("\"products\": \"float32\"", File.ReadAllText(world.At("first", "ppo", "environment.json")), StringComparison.Ordinal);
        Assert.Equal(Metrics("first"), Metrics("second"));
        Assert.NotEqual(Metrics("first"), Metrics("other"));
        Assert.Equal(File.ReadAllBytes(world.At("first", "ppo", "final", "model.safetensors")), File.ReadAllBytes(world.At("second", "ppo", "final", "model.safetensors")));
    }

    [Fact(Skip = SeveralProcesses.NotOffered)]
    public void Ppo_TwoRanks_HaveTheRolloutsOfOneAndItsWeightsToRounding()
    {
        var alone = ProgramProcess.Run(world.Folder, "ppo", "tiny.yaml", "out=alone");
        var together = world.Run($"{Bash.Script("launch.sh")} -n 2 {TrainedWorld.Program} ppo tiny.yaml out=together");

        Assert.True(alone.Code == 0, alone.Error);
        Assert.True(together.Code == 0, together.Error);
        Assert.Equal(Responses("alone"), Responses("together"));
        Assert.Equal(40, Responses("together").Length);
        using var one = ModelFolder.Load(world.At("alone", "ppo", "final"), torch.CPU);
        using var two = ModelFolder.Load(world.At("together", "ppo", "final"), torch.CPU);
        using var start = ModelFolder.Load(world.At("start", "sft", "final"), torch.CPU);
        Assert.InRange(Distance(one, two), 0, 1e-5);
        Assert.True(Distance(one, start) > 1e-4, "five steps moved the weights by much more than what is compared");
    }

    [Theory(Skip = SeveralProcesses.NotOffered)]
    [InlineData("sft", "sft.epochs=0.04")]
    [InlineData("reward", "reward.data=pairs.jsonl reward.batch_size=14")]
    [InlineData("dpo", "dpo.data=pairs.jsonl dpo.batch_size=14")]
    public void Stage_TwoRanks_HasTheLossesOfOneAndItsWeightsToRounding(string stage, string keys)
    {
        File.WriteAllLines(world.At("pairs.jsonl"), Enumerable.Range(0, 60).Select(i => $$"""{"prompt": "ask {{new string('x', i % 7)}} {{i}}?", "chosen": " yes {{i % 3}}", "rejected": " no {{i % 5}} at all"}"""));
        var command = $"{stage} tiny.yaml {stage}.model=start/sft/final {keys} {stage}.optimizer.learning_rate=1e-4 {stage}.optimizer.warmup_steps=0";
        var alone = world.Run($"{TrainedWorld.Program} {command} out=alone");
        var together = world.Run($"{Bash.Script("launch.sh")} -n 2 {TrainedWorld.Program} {command} out=together");

        Assert.True(alone.Code == 0, alone.Error);
        Assert.True(together.Code == 0, together.Error);
        Assert.Contains("\"ranks\": \"2\"", File.ReadAllText(world.At("together", stage, "environment.json")), StringComparison.Ordinal);
        var losses = Losses("alone", stage);
        Assert.InRange(losses.Length, 4, 8);
        Assert.Equal(losses, Losses("together", stage), (one, two) => Math.Abs(one - two) < 1e-5);
        using var one = Weights("alone", stage);
        using var two = Weights("together", stage);
        using var start = ModelFolder.Load(world.At("start", "sft", "final"), torch.CPU);
        Assert.InRange(Distance(one, two), 0, 1e-5);
        Assert.True(Distance(start, one) > 1e-4, "training moved the weights by much more than what is compared");
    }

    [Fact(Skip = SeveralProcesses.NotOffered)]
    public void Ppo_RankThatDies_EndsTheJobWithALineAndNoHang()
    {
        var ending = world.Run($$"""
            {{Bash.Script("launch.sh")}} -n 2 bash -c 'echo $$ > pid-$RANK; exec {{TrainedWorld.Program.Replace("'", "\"", StringComparison.Ordinal)}} ppo tiny.yaml out=dying ppo.steps=100000' & job=$!
            until [ -s dying/ppo/metrics.jsonl ]; do sleep 0.1; done
            kill -KILL "$(cat pid-1)"; wait $job
            """);

        Assert.Equal(137, ending.Code);
        Assert.Contains("launch: rank 1 ended with 137; ending the others\n", ending.Error, StringComparison.Ordinal);
        Assert.Matches("rlhf ppo: .*(lost the other processes|stopped after step)", ending.Error);
    }

    [Fact]
    public void Ppo_AskedToBeOneOfSeveral_IsRefusedInOneLine()
    {
        var ending = world.Run($"RANK=0 WORLD_SIZE=2 {TrainedWorld.Program} ppo tiny.yaml out=one-of-two");

        Assert.Equal((1, "rlhf ppo: WORLD_SIZE asks for 2 processes; jobs of several processes are not offered by this version yet, so start one\n"), (ending.Code, ending.Error));
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("USR1")]
    public void Ppo_Signal_EndsWith130AndACheckpointToGoOnFrom(string signal)
    {
        var ending = world.Run($$"""
            {{TrainedWorld.Program}} ppo tiny.yaml out=stopped-{{signal}} ppo.steps=100000 & job=$!
            until [ -s stopped-{{signal}}/ppo/metrics.jsonl ]; do sleep 0.1; done
            kill -{{signal}} $job; wait $job
            """);

        Assert.Equal(130, ending.Code);
        Assert.Contains($"SIG{signal}: stopping at the next step with a checkpoint\n", ending.Error, StringComparison.Ordinal);
        Assert.Single(Directory.GetDirectories(world.At($"stopped-{signal}", "ppo", "checkpoints"), "step-*"));
    }

    [Theory]
    [InlineData(2, "ppo.steps=many", "the override ppo.steps=many: ppo.steps: found 'many'; expected a whole number")]
    [InlineData(2, "ppo.stepps=3", "the override ppo.stepps=3: unknown key 'ppo.stepps'; did you mean 'ppo.steps'?")]
    [InlineData(1, "ppo.prompts=nowhere.jsonl", "ppo.prompts: nowhere.jsonl: no such file")]
    [InlineData(1, "ppo.model=models/gpt2", "ppo.model: models/gpt2: no such folder")]
    [InlineData(1, "device=cuda:77", "device: ")]
    public void Ppo_WhatIsWrong_IsOneLineWithTheFix(int code, string setting, string line)
    {
        foreach (var words in new[] { new[] { "ppo", "tiny.yaml", setting }, ["ppo", "tiny.yaml", setting, "--dry-run"] })
        {
            var ending = ProgramProcess.Run(world.Folder, words);

            Assert.Equal((code, ""), (ending.Code, ending.Output));
            Assert.StartsWith($"rlhf ppo: {line}", ending.Error, StringComparison.Ordinal);
            Assert.Equal(1, ending.Error.Count(c => c == '\n'));
        }
    }

    [Fact(Skip = SeveralProcesses.NotOffered)]
    public void Ppo_PortInUse_SaysSo()
    {
        using var taken = new TcpListener(IPAddress.Any, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var ending = world.Run($"MASTER_PORT={port} LAUNCH_GRACE=1 {Bash.Script("launch.sh")} -n 2 {TrainedWorld.Program} ppo tiny.yaml out=taken");

        Assert.Equal(1, ending.Code);
        Assert.Matches($@"(^|\n)rlhf ppo: Rank 0 of 2 could not join 127\.0\.0\.1:{port} \(.*\); check that every rank runs and that the port is free\.\n", ending.Error);
        Assert.Contains("launch: rank 0 ended with 1; ending the others\n", ending.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ppo")]
    [InlineData("dpo")]
    public void DryRun_Stage_TellsTheMemoryAndChangesNothing(string stage)
    {
        var pairs = Path.Combine(TestData.Repository, "data", "world", "pairs.parquet");
        var ending = ProgramProcess.Run(world.Folder, stage, "tiny.yaml", "dpo.model=start/sft/final", $"dpo.data={pairs}", "out=dry", "--dry-run");

        Assert.Equal((0, ""), (ending.Code, ending.Output));
        Assert.Matches($@"^{stage}: about \d+ MiB of memory at its peak \(\d+ MiB of weights, gradients and moments, \d+ MiB of activations\); cpu has [\d.]+ GiB\ndry run: nothing stands in the way\n$", ending.Error);
        Assert.False(Directory.Exists(world.At("dry")));
    }

    [Fact]
    public void DryRun_OffloadOnTheCpu_SaysThatItChangesNothing()
    {
        var ending = ProgramProcess.Run(world.Folder, "ppo", "tiny.yaml", "ppo.reference.offload=true", "out=dry", "--dry-run");

        Assert.Equal(0, ending.Code);
        Assert.Contains("ppo.reference.offload: found true for a run on the CPU, where weights are in host memory anyway; it changes nothing", ending.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Ppo_PrintRecipe_HasACommentOnEveryKeyAndBindsAgain()
    {
        var printed = ProgramProcess.Run(world.Folder, "ppo", "tiny.yaml", "ppo.clip=0.1", "--print-recipe");

        Assert.Equal((0, ""), (printed.Code, printed.Error));
        Assert.Contains("  clip: 0.1", printed.Output, StringComparison.Ordinal);
        Assert.All(printed.Output.Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line.Contains(": ", StringComparison.Ordinal)), line => Assert.Contains("# ", line, StringComparison.Ordinal));
        File.WriteAllText(world.At("again.yaml"), printed.Output);
        Assert.Equal(printed.Output, ProgramProcess.Run(world.Folder, "ppo", "again.yaml", "--print-recipe").Output);
    }

    private string[] Metrics(string run) => [.. File.ReadLines(world.At(run, "ppo", "metrics.jsonl")).Select(line => OfTheMachine().Replace(line, ""))];

    private string[] Responses(string run) => [.. File.ReadLines(world.At(run, "ppo", "samples.jsonl")).Select(line => Score().Match(line).Groups[1].Value)];

    private double[] Losses(string run, string stage) =>
        [.. File.ReadLines(world.At(run, stage, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("loss").GetDouble())];

    private torch.nn.Module Weights(string run, string stage) => stage == "reward"
        ? RewardFolder.Load(world.At(run, stage, "final"), torch.CPU).Models[0]
        : ModelFolder.Load(world.At(run, stage, "final"), torch.CPU);

    private static double Distance(torch.nn.Module one, torch.nn.Module two)
    {
        var others = two.named_parameters().ToDictionary(parameter => parameter.name, parameter => parameter.parameter);
        return one.named_parameters().Max(parameter => (double)parameter.parameter.sub(others[parameter.name]).abs().max().item<float>());
    }

    [GeneratedRegex("\"(seconds_[a-z_]+|[a-z_]+_per_second|memory_gb)\":[^,}]*")]
    private static partial Regex OfTheMachine();

    // Step, prompt, response and score; the KL behind them has the weights' rounding.
    [GeneratedRegex("^(.*),\"kl\":")]
    private static partial Regex Score();
}
