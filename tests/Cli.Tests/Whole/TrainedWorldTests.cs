using System.Text.RegularExpressions;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization.Training;
using Rlhf.Rewards.Models;

namespace Rlhf.Cli.Tests.Whole;

/// <summary>`rlhf ppo`, and what the other stages share with it, as users run it: twice, stopped, and with what may go wrong.</summary>
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

    /// <summary>It can score texts, which are tokenized again, but a critic values the policy's own tokens.</summary>
    [Fact]
    public void Ppo_RewardModelWithAnotherTokenizer_ScoresButIsNoCritic()
    {
        BpeTrainer.Train(["other words than those"], new BpeTrainingOptions { VocabularySize = 270, MinFrequency = 1 }).Save(world.At("stranger-tokenizer"));
        using (var ensemble = new RewardEnsemble([RewardModel.Create(CausalLm.Create(TransformerConfig.Gpt2(270, 16, 1, 2, 96), seed: 3).Trunk, 1, 3)], new EnsembleOptions())) RewardFolder.Save(ensemble, world.At("stranger"), world.At("stranger-tokenizer"));
        string[] words = ["ppo", "tiny.yaml", "ppo.steps=1", "ppo.score={reward_model: {path: stranger}}"];

        var ending = ProgramProcess.Run(world.Folder, [.. words, "out=no-critic", "ppo.critic.kind=reward_model"]);
        Assert.Equal(1, ending.Code);
        Assert.Contains("ppo.critic.kind: stranger: the reward model's tokenizer is another than the policy's", ending.Error, StringComparison.Ordinal);
        Assert.Equal(0, ProgramProcess.Run(world.Folder, [.. words, "out=scored"]).Code);
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

    [GeneratedRegex("\"(seconds_[a-z_]+|[a-z_]+_per_second|memory_gb)\":[^,}]*")]
    private static partial Regex OfTheMachine();
}
