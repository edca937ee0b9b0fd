using Rlhf.Foundation.Runs;
using Rlhf.Policies.Models;
using Rlhf.Policies.TensorFiles;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Tests.Models;
using Rlhf.Rewards.Training;
using Rlhf.Rewards.World;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Tests.Training;

public sealed class RewardTrainerTests : IDisposable
{
    private static readonly RewardRecipe Recipe = new()
    {
        Data = "pairs.jsonl",
        Epochs = 4, BatchSize = 4, EvalEvery = 3, MicroBatchTokens = 30,
        Optimizer = new OptimizerOptions { LearningRate = 5e-3, Schedule = Schedule.Linear },
    };

    private readonly string folder = Directory.CreateTempSubdirectory("reward").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Train_LearnablePairs_RanksTheHeldOutOnes()
    {
        using var model = TinyReward.Create();
        var objective = ToyPairs.Objective();
        Train(Recipe, model, "run", objective);
        var heldOut = objective.Evaluate(new RewardEnsemble([model], new EnsembleOptions()));
        Assert.Equal(1, heldOut.Accuracy);
        Assert.InRange(heldOut.LogLoss, 0, 0.2);
    }

    [Fact]
    public void Train_WithAdapters_LearnsWithEveryWeightOfTheTrunkInPlace()
    {
        using var model = TinyReward.Create();
        var weights = model.Trunk.named_parameters().ToArray();
        var before = weights.Select(one => one.parameter.bytes.ToArray()).ToArray();
        LoraAdapter.Attach(model.Trunk, new LoraRecipe { Rank = 4, Alpha = 8 }, seed: 1, baseModel: "");
        var objective = ToyPairs.Objective();
        Train(Recipe with { Epochs = 8 }, model, "run", objective);
        Assert.All(weights.Zip(before), pair => Assert.True(pair.First.parameter.bytes.SequenceEqual(pair.Second), pair.First.name));
        Assert.Equal(1, objective.Evaluate(new RewardEnsemble([model], new EnsembleOptions())).Accuracy);

        // On disk it is an ordinary score model, with the adapter and the head beside it.
        RewardFolder.Save(new RewardEnsemble([model], new EnsembleOptions()), Path.Combine(folder, "saved"), null);
        using var loaded = RewardFolder.Load(Path.Combine(folder, "saved"), CPU);
        Assert.Equal(1, objective.Evaluate(loaded).Accuracy);
        Assert.Contains("base_model.model.score.weight", SafetensorsFile.Load(Path.Combine(folder, "saved", "adapter", "adapter_model.safetensors")).Keys);
    }

    [Fact]
    public void Train_StoppedAnywhereAndResumed_EndsWithTheSameBits()
    {
        using var whole = TinyReward.Create(heads: 2);
        Train(Recipe with { Patience = 50 }, whole, "whole");
        foreach (var stopAfter in new[] { 1, 7, 23 })
        {
            using (var first = TinyReward.Create(heads: 2))
                Assert.Throws<InterruptedException>(() => Train(Recipe with { Patience = 50 }, first, $"cut-{stopAfter}", stopAfter: stopAfter));
            using var second = TinyReward.Create(heads: 2, seed: 99);
            Train(Recipe with { Patience = 50 }, second, $"cut-{stopAfter}");
            foreach (var (name, parameter) in whole.named_parameters())
                Assert.True(parameter.IsSame(second.get_parameter(name)!), $"{name} after a stop at step {stopAfter}");
            Assert.Equal(Numbers("whole"), Numbers($"cut-{stopAfter}"));
        }
    }

    [Fact]
    public void Train_SmallerMicroBatches_GiveTheSameModel()
    {
        using var whole = TinyReward.Create();
        using var parts = TinyReward.Create();
        Train(Recipe with { Epochs = 1, MicroBatchTokens = 10_000 }, whole, "whole");
        Train(Recipe with { Epochs = 1, MicroBatchTokens = 1 }, parts, "parts");
        using var difference = whole.Head.sub(parts.Head).abs().max();
        Assert.InRange(difference.item<float>(), 0, 1e-4f);
    }

    [Fact]
    public void Train_GradientCheckpointing_GivesTheSameBits()
    {
        using var kept = TinyReward.Create();
        using var recomputed = TinyReward.Create();
        Train(Recipe with { Epochs = 1 }, kept, "kept");
        Train(Recipe with { Epochs = 1, GradientCheckpointing = true }, recomputed, "recomputed");
        Assert.True(recomputed.Trunk.GradientCheckpointing);
        foreach (var (name, weight) in kept.named_parameters()) Assert.True(weight.IsSame(recomputed.get_parameter(name)!), name);
    }

    [Fact]
    public void EarlyStop_LossThatStopsFalling_EndsAndBringsTheBestWeightsBack()
    {
        using var model = TinyReward.Create();
        using var stop = new EarlyStop(2, model);
        stop.Observe(0.5);
        using var best = model.Head.detach().clone();
        using (no_grad()) model.Head.add_(1);
        stop.Observe(0.6);
        Assert.False(stop.IsOver);
        stop.Observe(double.NaN);
        Assert.True(stop.IsOver);
        stop.TakeBest();
        Assert.True(model.Head.IsSame(best));
    }

    [Fact]
    public void Train_PatienceZero_RunsAllStepsAndOneStopsEarly()
    {
        // Learning from labels turned around can only make the held-out loss worse.
        var pairs = ToyPairs.Make(32);
        var turned = pairs[24..].Select(pair => new TokenizedPair(pair.Pair, pair.Rejected, pair.Chosen) { ChosenReply = 2, RejectedReply = 1 }).ToArray();
        var objective = new PairObjective(pairs[..24], turned, new BradleyTerryOptions(), TinyReward.Pad);
        using var patient = TinyReward.Create();
        Assert.Equal(24, Train(Recipe, patient, "patient", objective));
        using var hasty = TinyReward.Create();
        Assert.True(Train(Recipe with { Patience = 1, EvalEvery = 1 }, hasty, "hasty", objective) < 24);
    }

    private long Train(RewardRecipe recipe, RewardModel model, string name, IRewardObjective? objective = null, int? stopAfter = null)
    {
        using var stop = new CancellationTokenSource();
        var options = new RunOptions { Stop = stop.Token, Progress = new StopAt(stopAfter, stop) };
        using var run = Run.Open(Path.Combine(folder, name), recipe, "reward", options);
        return new RewardTrainer(recipe, objective ?? ToyPairs.Objective(), model, 1).Train(run);
    }

    private string[] Numbers(string name) => [.. File.ReadLines(Path.Combine(folder, name, "metrics.jsonl")).Select(line => line[line.IndexOf("\"loss\"", StringComparison.Ordinal)..])];
}
