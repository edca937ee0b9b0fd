using System.Text.Json;
using Rlhf.Policies.Generation;
using Rlhf.Ppo;

namespace Rlhf.Tests.Ppo;

/// <summary>What a run of the trainer does with what its parts are given.</summary>
public sealed class ControllerTests
{
    [Fact]
    public void Train_WhileTheCriticLearnsAlone_CoefficientsStand()
    {
        var recipe = TinyWorld.Recipe with
        {
            Steps = 5,
            Objective = PolicyObjective.KlPenalty,
            EntropyTarget = 100,
            Kl = new KlRecipe { Control = KlControl.Adaptive },
            Critic = TinyWorld.Recipe.Critic with { WarmupSteps = 3 },
        };
        var metrics = Metrics(recipe);
        foreach (var name in (string[])["penalty_coefficient", "entropy_coefficient", "kl_coefficient"])
        {
            Assert.All(metrics[..4], step => Assert.Equal(metrics[0][name], step[name]));
            Assert.NotEqual(metrics[0][name], metrics[4][name]);
        }
    }

    [Fact]
    public void Train_StopStrings_EndResponses()
    {
        var metrics = Metrics(TinyWorld.Recipe with { Sampling = new SamplingOptions { MaxNewTokens = 12, StopStrings = ["a", "e", "\n", "t", " "] } });
        Assert.All(metrics, step => Assert.True(step["response_length_max"] <= 12));
        Assert.Contains(metrics, step => step["response_length_min"] < 12);
    }

    private static List<Dictionary<string, double>> Metrics(PpoRecipe recipe)
    {
        using var world = new TinyWorld();
        using (var run = world.Open("run", recipe)) PpoAssembly.Build(world.Inputs(recipe), run).Train(world.TokenizerFolder);
        return [.. File.ReadLines(Path.Combine(world.Folder("run"), "metrics.jsonl")).Select(line => JsonSerializer.Deserialize<Dictionary<string, double>>(line)!)];
    }
}
