using Rlhf.Foundation.Runs;
using Rlhf.Foundation.Torch;
using Rlhf.Ppo;
using Rlhf.Tests.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Tests;

/// <summary>PPO learns the same wherever it runs: each test runs on the CPU, and on a GPU where there is one.</summary>
[Trait("Device", "gpu")]
public sealed class DeviceTests : IDisposable
{
    private readonly TinyWorld _world = new();

    public static TheoryData<string> Devices => ["cpu", "cuda"];

    public void Dispose() => _world.Dispose();

    [Theory, MemberData(nameof(Devices))]
    public void Train_TwoStepsOneEpisodeAtATime_HasTheNumbersOfAllAtOnceOnTheCpu(string name)
    {
        var device = Available(name);
        Train("here", TinyWorld.Recipe, CPU, stopAfter: null);
        Train("there", TinyWorld.Recipe with { MicroBatchTokens = 1 }, device, stopAfter: null);
        Same(Metrics("here"), Metrics("there"));
        Assert.All(Metrics("there"), step => Assert.True(step["policy_gradient_norm"] > 0));
    }

    [Theory, MemberData(nameof(Devices))]
    public void Train_StoppedAndResumed_GoesOnAsIfItHadNot(string name)
    {
        var device = Available(name);
        var recipe = TinyWorld.Recipe with { Steps = 5 };
        Train("whole", recipe, device, stopAfter: null);
        Train("parts", recipe, device, stopAfter: 2);
        Train("parts", recipe, device, stopAfter: null);
        Assert.Equal(5, Metrics("whole").Count);
        Same(Metrics("whole"), Metrics("parts"));
    }

    [Theory, MemberData(nameof(Devices))]
    public void Train_WithTensorFloat32_PassesItsSelfCheck(string name)
    {
        var device = Available(name);
        try
        {
            TensorFloat32.Allow();
            Assert.Equal(TensorFloat32.IsUsed(device, ScalarType.Float32) ? 0.03 : 1e-3, SelfCheck.ToleranceOf(device, ScalarType.Float32));
            Train("rounded", TinyWorld.Recipe, device, stopAfter: null);
            Assert.Equal(2, Metrics("rounded").Count);
        }
        finally
        {
            backends.cuda.matmul.allow_tf32 = false;
        }
    }

    private static Device Available(string name)
    {
        Assert.SkipUnless(name == "cpu" || cuda.is_available(), "there is no GPU");
        return new Device(name);
    }

    private void Train(string name, PpoRecipe recipe, Device device, int? stopAfter)
    {
        using var stop = new CancellationTokenSource();
        using var run = _world.Open(name, recipe, new RunOptions { SaveEvery = 2, Stop = stop.Token });
        var trainer = PpoAssembly.Build(_world.Inputs(recipe, new StoppingScorer(stop, stopAfter), device), run);
        if (stopAfter is null) trainer.Train(_world.TokenizerFolder);
        else Assert.Throws<InterruptedException>(() => trainer.Train(_world.TokenizerFolder));
    }

    private List<Dictionary<string, double>> Metrics(string name) =>
        _world.Metrics(name);

    // A GPU adds up gradients in whatever order its threads come: near, not the same bits.
    private static void Same(List<Dictionary<string, double>> expected, List<Dictionary<string, double>> found)
    {
        Assert.Equal(expected.Count, found.Count);
        foreach (var (wanted, got) in expected.Zip(found))
        foreach (var (metric, value) in wanted)
            if (IsOfLearning(metric)) Assert.True(Math.Abs(value - got[metric]) <= 1e-2 * Math.Max(1, Math.Abs(value)), $"step {wanted["step"]}, {metric}: {value} and {got[metric]}");
    }

    private static bool IsOfLearning(string metric) =>
        !metric.StartsWith("seconds_", StringComparison.Ordinal) && !metric.Contains("per_second", StringComparison.Ordinal) && !metric.Contains("memory", StringComparison.Ordinal);
}
