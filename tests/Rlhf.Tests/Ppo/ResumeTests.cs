using Rlhf.Foundation.Runs;
using Rlhf.Maths;
using Rlhf.Policies.Models;
using Rlhf.Ppo;

namespace Rlhf.Tests.Ppo;

public sealed class ResumeTests : IDisposable
{
    private readonly TinyWorld _world = new();

    public void Dispose() => _world.Dispose();

    public static TheoryData<Algorithm, CriticKind, bool, int> Kinds => new()
    {
        { Algorithm.Ppo, CriticKind.ValueHead, false, 0 },
        { Algorithm.Ppo, CriticKind.Policy, true, 0 },
        { Algorithm.Ppo, CriticKind.Policy, false, 2 },
        { Algorithm.Grpo, CriticKind.ValueHead, false, 0 },
        { Algorithm.Gspo, CriticKind.ValueHead, false, 0 },
        { Algorithm.Rloo, CriticKind.ValueHead, true, 0 },
        { Algorithm.ReinforcePlusPlus, CriticKind.ValueHead, false, 0 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Train_StoppedAndResumed_GivesTheSameBits(Algorithm algorithm, CriticKind critic, bool movingReference, int rank)
    {
        var recipe = TinyWorld.Recipe with
        {
            Algorithm = algorithm,
            Objective = algorithm == Algorithm.Ppo ? PolicyObjective.KlPenalty : null,
            EntropyTarget = algorithm == Algorithm.Gspo ? 5 : 0,
            ResampleRounds = algorithm == Algorithm.Gspo ? 2 : 0,
            SamplesPerPrompt = 2,
            Steps = 5,
            ScoreScaling = ScoreScaling.RunningMeanStd,
            Kl = new KlRecipe { Horizon = 50, Target = 0.5 },
            Critic = TinyWorld.Recipe.Critic with { Kind = critic },
            Lora = new LoraRecipe { Rank = rank },
            Reference = new ReferenceRecipe { Ema = movingReference ? 0.3 : 0 },
        };
        Train("whole", recipe, stopAfter: null);
        Train("parts", recipe, stopAfter: 2);
        Train("parts", recipe, stopAfter: null);

        Assert.Equal(Metrics("whole"), Metrics("parts"));
        Assert.Equal(5, Metrics("whole").Length);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(_world.Folder("whole"), "checkpoints", "step-000004"), "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(file) == CheckpointManifest.FileName) continue;   // holds times
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(file.Replace("whole", "parts", StringComparison.Ordinal)));
        }
    }

    private void Train(string name, PpoRecipe recipe, int? stopAfter)
    {
        using var stop = new CancellationTokenSource();
        using var run = _world.Open(name, recipe, new RunOptions { SaveEvery = 2, Stop = stop.Token });
        var scorer = new StoppingScorer(stop, stopAfter);
        var trainer = PpoAssembly.Build(_world.Inputs(recipe, scorer), run);
        if (stopAfter is null) trainer.Train(_world.TokenizerFolder);
        else Assert.Throws<InterruptedException>(() => trainer.Train(_world.TokenizerFolder));
    }

    /// <summary>All numbers but those that say how long something took.</summary>
    private string[] Metrics(string name) =>
        [.. File.ReadLines(Path.Combine(_world.Folder(name), "metrics.jsonl")).Select(line => line[..line.IndexOf(",\"seconds_", StringComparison.Ordinal)])];
}
