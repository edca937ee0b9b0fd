using Rlhf.Foundation.Jobs;
using Rlhf.Maths;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Training;
using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Cli.Bench;

/// <summary>Seconds of one PPO iteration by phase, beside the matrix products of its update.</summary>
public sealed record PpoIterationTimes
{
    public required double Generation { get; init; }

    /// <summary>Forward passes of policy, reference and critic over the finished episodes.</summary>
    public required double Likelihoods { get; init; }

    public required double Update { get; init; }

    /// <summary>The products of the update by themselves.</summary>
    public required double UpdateFloor { get; init; }

    /// <summary>Garbage collections in an update, on average.</summary>
    public required double UpdateCollections { get; init; }

    public double Iteration => Generation + Likelihoods + Update;

    public double UpdateToFloor => Update / UpdateFloor;
}

/// <summary>
/// One PPO iteration on random prompts with the trainer's own collector and optimizer, and with a scorer that costs
/// nothing: episodes of full length, a value head, the best of several repeats.
/// </summary>
public sealed class PpoIteration(TransformerConfig shape, PpoRecipe recipe, int promptTokens, Device device, ScalarType type)
{
    public PpoIterationTimes Measure(int repeats)
    {
        using var all = NewDisposeScope();
        var policy = CausalLm.Create(shape, seed: 1).to(device, type);
        var critic = new ValueHead(shape.Width, device);
        var reference = new Reference(Reference.Frozen(policy), recipe.Reference);
        var models = new LanguageActorCritic(policy, critic, recipe.Sampling.Temperature, EntropyUse.Ignored, pad: 0, device);
        using var policyOptimizer = new ModelOptimizer(policy.named_parameters(), recipe.Optimizer);
        using var criticOptimizer = new ModelOptimizer(critic.named_parameters(), recipe.Critic.Optimizer);
        var clock = new PhaseClock(device);
        var sources = new RolloutSources { Scorer = new FreeScorer(), Decode = _ => "", Seed = 1, Device = device };
        var prompts = new PromptStream([.. Enumerable.Range(0, repeats + 1).SelectMany(Prompts)], recipe.Episodes, 1);
        var collector = new RolloutCollector(recipe, models, reference, new TextGenerator(policy, null, 0), prompts, sources, new RunningMoments(), clock);
        var optimizer = new PpoOptimizer<Rollout>(recipe, models, policyOptimizer, criticOptimizer, 1, Collective.Alone);

        List<IReadOnlyDictionary<string, double>> runs = [];
        var collections = 0;
        for (var repeat = 0; repeat <= repeats; repeat++)
        {
            using var scope = NewDisposeScope();
            var rollout = collector.Collect(repeat);
            var rewards = new KlPenalty(recipe).Apply(rollout, recipe.KlCoefficient);
            var (advantages, returns) = new AdvantageEstimator(recipe).Estimate(rollout, rewards);
            var settings = new UpdateSettings { Step = repeat, PolicyLearningRate = 1e-5, CriticLearningRate = 1e-5 };
            var before = GC.CollectionCount(0);
            clock.Measure("update", () => optimizer.Update(rollout, advantages, returns, settings));
            if (repeat > 0) collections += GC.CollectionCount(0) - before;
            if (repeat > 0) runs.Add(new Dictionary<string, double>(clock.Seconds));
            clock.Reset();
        }

        var best = runs.MinBy(run => run.Values.Sum())!;
        return new PpoIterationTimes
        {
            Generation = best["generation"], Likelihoods = best["likelihoods"], Update = best["update"], UpdateFloor = Floor(), UpdateCollections = (double)collections / repeats,
        };
    }

    private double Floor()
    {
        var tokens = recipe.Sampling.MaxNewTokens;
        var forward = MatrixFloor.Forward(shape, recipe.Episodes / recipe.Minibatches, promptTokens + tokens - 1, recipe.Episodes / recipe.Minibatches * tokens);
        return MatrixFloor.Seconds(MatrixFloor.ForwardAndBackward(forward), device, type) * recipe.Epochs * recipe.Minibatches;
    }

    private Prompt[] Prompts(int repeat) => [.. Enumerable.Range(0, recipe.Episodes).Select(i =>
        new Prompt(i, "", [.. Enumerable.Range(0, promptTokens).Select(t => (int)(CounterRandom.Bits(new RandomKey(2, repeat, i, 0), (uint)t) % (ulong)shape.Vocabulary))]))];

    private sealed class FreeScorer : IScorer
    {
        public string Name => "free";

        public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select((_, i) => i % 2 == 0 ? 1.0 : -1.0)];
    }
}
