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
        var free = TinyWorld.Recipe with { Steps = 1, Episodes = 24, Sampling = new SamplingOptions { MaxNewTokens = 12 } };
        var stopped = free with { Sampling = free.Sampling with { StopStrings = [.. "abcdefghijklmnopqrstuvwxyz".Select(letter => $"{letter}")] } };
        Assert.True(Length(stopped) < Length(free) - 0.3, $"{Length(stopped)} tokens with stop strings, {Length(free)} without");

        double Length(PpoRecipe of) => Metrics(of)[0]["response_length"];
    }

    private static List<Dictionary<string, double>> Metrics(PpoRecipe recipe)
    {
        using var world = new TinyWorld();
        using (var run = world.Open("run", recipe)) PpoAssembly.Build(world.Inputs(recipe), run).Train(world.TokenizerFolder);
        return world.Metrics("run");
    }
}
