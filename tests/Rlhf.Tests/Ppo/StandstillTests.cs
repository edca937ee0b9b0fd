using Rlhf.Policies.Fused;
using Rlhf.Policies.Generation;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>With a learning rate of 0 nothing may move, not by a bit, whatever is padded or cut off.</summary>
public sealed class StandstillTests
{
    [Theory]
    [InlineData(Algorithm.Ppo)]
    [InlineData(Algorithm.Grpo)]
    [InlineData(Algorithm.DrGrpo)]
    [InlineData(Algorithm.Gspo)]
    [InlineData(Algorithm.Cispo)]
    [InlineData(Algorithm.Rloo)]
    [InlineData(Algorithm.ReinforcePlusPlus)]
    [InlineData(Algorithm.Ppo, ScalarType.BFloat16)]
    public void Train_LearningRateZero_LeavesRatioOneAndEveryKlZero(Algorithm algorithm, ScalarType type = ScalarType.Float32)
    {
        Assert.SkipUnless(KernelRule.ServesModel(CPU, type), "operators round a token alone otherwise than in a whole pass");
        using var world = new TinyWorld();
        var recipe = TinyWorld.Recipe with
        {
            Algorithm = algorithm,
            SamplesPerPrompt = 2,
            Steps = 3,
            Epochs = 3,
            MicroBatchTokens = 40,
            Sampling = new SamplingOptions { MaxNewTokens = 6, Temperature = 0.8 },
            Optimizer = new() { LearningRate = 0 },
            Critic = TinyWorld.Recipe.Critic with { Optimizer = new() { LearningRate = 0 } },
        };
        var metrics = Metrics(world, recipe, type);

        Assert.Equal(3, metrics.Count);
        Assert.Contains(metrics, step => step["eos_rate"] is > 0 and < 1 && step["response_length_min"] < step["response_length_max"]);
        Assert.All(metrics, step =>
        {
            Assert.Equal(0, step["clip_fraction"]);
            Assert.Equal(1, step["ratio_mean"]);
            Assert.Equal(1, step["ratio_max"]);
            string[] zero = ["approximate_kl", "update_kl", "kl", "kl_token", "kl_k3", "kl_k3_token", "kl_exact", "kl_exact_token", "mismatch_kl"];
            Assert.Equal(1, step["effective_sample_size"]);
            Assert.All(zero, name => Assert.Equal(0, step[name]));
        });
    }

    private static List<Dictionary<string, double>> Metrics(TinyWorld world, PpoRecipe recipe, ScalarType type)
    {
        var inputs = world.Inputs(recipe);
        inputs.Policy.to(type);
        using (var run = world.Open("run", recipe)) PpoAssembly.Build(inputs, run).Train(world.TokenizerFolder);
        return world.Metrics("run");
    }
}
