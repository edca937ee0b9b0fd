using System.Text.Json;
using Rlhf.Dpo;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Models;
using Rlhf.Ppo;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Training;
using Rlhf.Tests.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Tests.Dpo;

public sealed class DpoTrainerTests : IDisposable
{
    private static readonly DpoRecipe Recipe = new()
    {
        Beta = 0.5, Epochs = 6, BatchSize = 4, EvalEvery = 2, MicroBatchTokens = 40, Optimizer = new() { LearningRate = 1e-2 },
    };

    private readonly TinyWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(DpoObjective.Sigmoid)]
    [InlineData(DpoObjective.Ipo)]
    [InlineData(DpoObjective.Kto)]
    public void Train_RepliesWithARule_LearnsToPreferTheChosen(DpoObjective objective)
    {
        var metrics = Train("run", Recipe with { Objective = objective });
        Assert.Equal(0, metrics[0].GetValueOrDefault("margin"), 1e-5);   // a batch of one kind has none
        Assert.Equal(objective switch { DpoObjective.Sigmoid => Math.Log(2), DpoObjective.Ipo => 1, _ => 0.5 }, metrics[0]["loss"], 1e-5);
        Assert.True(metrics[^1]["eval_accuracy"] > 0.8, $"held-out accuracy {metrics[^1]["eval_accuracy"]}");
        Assert.True(metrics[^1]["eval_chosen_reward"] > metrics[^1]["eval_rejected_reward"]);
    }

    [Theory]
    [InlineData(DpoObjective.Simpo)]
    [InlineData(DpoObjective.Orpo)]
    public void Train_NoReference_LearnsToPreferTheChosenWithoutAskingOne(DpoObjective objective)
    {
        var reference = _world.Model();
        foreach (var weight in reference.parameters()) using (no_grad()) weight.fill_(float.NaN);
        var metrics = Train("run", Recipe with { Objective = objective, Beta = null }, reference: reference);
        Assert.True(metrics[^1]["eval_accuracy"] > 0.8, $"held-out accuracy {metrics[^1]["eval_accuracy"]}");
        Assert.True(metrics[^1]["eval_margin"] > metrics[0]["margin"]);
    }

    [Theory]
    [InlineData(DpoObjective.Sigmoid)]
    [InlineData(DpoObjective.Kto)]
    public void Train_StoppedAndResumed_GivesTheSameBits(DpoObjective objective)
    {
        var recipe = Recipe with { Objective = objective };
        Train("whole", recipe);
        Assert.Throws<InterruptedException>(() => Train("parts", recipe, stopAtOnce: true));
        Train("parts", recipe);
        Assert.Equal(Lines("whole"), Lines("parts"));
        Assert.Equal(Weights("whole"), Weights("parts"));
    }

    [Fact]
    public void Train_KtoInOtherMicroBatches_GivesTheSameLossesToFivePlaces()
    {
        // The reference point belongs to the batch, however it was split.
        var recipe = Recipe with { Objective = DpoObjective.Kto, Epochs = 2 };
        var (whole, parts) = (Train("whole", recipe), Train("parts", recipe with { MicroBatchTokens = 1 }));
        Assert.Contains(whole, step => step["reference_point"] > 1e-3);
        Assert.All(whole.Zip(parts), pair => Assert.Equal(pair.First["loss"], pair.Second["loss"], 1e-5));
    }

    [Theory]
    [InlineData("beta: 0.1")]
    [InlineData("label_smoothing: 0.2")]
    [InlineData("batch_size: 2")]
    [InlineData("optimizer: {learning_rate: 1e-4}")]
    [InlineData("log_probs: mean")]
    [InlineData("chosen_likelihood: 1")]
    [InlineData("objective: ipo")]
    [InlineData("objective: kto")]
    [InlineData("objective: orpo")]
    [InlineData("objective: simpo")]
    [InlineData("{objective: simpo, target_margin: 3}", "{objective: simpo}")]
    [InlineData("{objective: kto, desirable_weight: 2}", "{objective: kto}")]
    [InlineData("{objective: kto, undesirable_weight: 2}", "{objective: kto}")]
    public void Train_OtherValue_GivesOtherWeights(string yaml, string than = "{}")
    {
        Train("one", Bound(than));
        Train("two", Bound(yaml));
        Assert.NotEqual(Weights("one"), Weights("two"));
    }

    [Fact]
    public void Train_GradientCheckpointing_GivesTheSameBits()
    {
        var policy = _world.Model();
        Train("kept", Recipe);
        Train("recomputed", Recipe with { GradientCheckpointing = true }, policy: policy);
        Assert.True(policy.Trunk.GradientCheckpointing);
        Assert.Equal(Weights("kept"), Weights("recomputed"));
    }

    [Fact]
    public void Train_ReferenceOfItsOwn_IsGoneBeforeTheFirstStep()
    {
        var (policy, reference) = (_world.Model(), _world.Model(seed: 2));
        var gone = new List<bool>();
        var progress = new Watching(() => gone.Add(reference.HeadWeight.IsInvalid));
        Train("run", Recipe with { Epochs = 1 }, policy: policy, reference: reference, progress: progress);
        Assert.Equal(Enumerable.Repeat(true, 1 + 6), gone);
        Assert.False(policy.HeadWeight.IsInvalid);
    }

    [Fact]
    public void Train_ReferenceThatIsThePolicy_GivesTheBitsOfACopy()
    {
        var policy = _world.Model();
        Train("copy", Recipe);
        Train("same", Recipe, policy: policy, reference: policy);
        Assert.Equal(Weights("copy"), Weights("same"));
    }

    [Fact]
    public void Of_OnePair_SumsTheLogProbsOfEachReply()
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var model = _world.Model();
        var pair = new TokenizedPair(new PreferencePair("", "", ""), [3, 4, 5, 6], [3, 9]) { ChosenReply = 3, RejectedReply = 1 };
        var logits = model.Logits(model.Trunk.Hidden(TokenBatch.LeftPadded([[3, 4, 5, 6]], 0, CPU)))[0].log_softmax(-1);
        var chosen = (logits[0, 4] + logits[1, 5] + logits[2, 6]).item<float>();
        Expect.Near([chosen, logits[0, 9].item<float>()], ReplyLikelihoods.Of(model, [new(pair.Chosen, pair.ChosenReply), new(pair.Rejected, pair.RejectedReply)], 0), 1e-5);
    }

    private List<Dictionary<string, double>> Train(string name, DpoRecipe recipe, bool stopAtOnce = false, CausalLm? policy = null, CausalLm? reference = null, IProgressSink? progress = null)
    {
        using var stop = new CancellationTokenSource();
        if (stopAtOnce) stop.Cancel();
        using (var run = Run.Open(_world.Folder(name), recipe, "dpo", new RunOptions { Stop = stop.Token, Progress = progress ?? new SilentProgress() }))
            new DpoTrainer(recipe, policy ?? _world.Model(), reference ?? Reference.Frozen(_world.Model()), Preferences(recipe, 24), Preferences(recipe, 12), seed: 3).Train(run, _world.TokenizerFolder);
        return [.. Lines(name).Select(line => JsonSerializer.Deserialize<Dictionary<string, double>>(line)!)];
    }

    private static DpoRecipe Bound(string yaml) =>
        RecipeBinder.Bind<DpoRecipe>(yaml, "r.yaml", ["epochs=2", "micro_batch_tokens=40", .. yaml.Contains("beta", StringComparison.Ordinal) ? [] : new[] { "beta=0.5" },
            .. yaml.Contains("batch_size", StringComparison.Ordinal) ? [] : new[] { "batch_size=4" }, .. yaml.Contains("learning_rate", StringComparison.Ordinal) ? [] : new[] { "optimizer.learning_rate=1e-2" }]);

    private IPreferences Preferences(DpoRecipe recipe, int count)
    {
        var pairs = Pairs(count);
        return recipe.Objective != DpoObjective.Kto ? new PairPreferences(recipe, pairs, 0) : new RatedPreferences(recipe, [.. pairs.SelectMany((pair, i) =>
        {
            var other = pairs[(i + 1) % count];
            var prompt = pair.Chosen[..^pair.ChosenReply];
            return new[]
            {
                new RatedReply(new(pair.Chosen, pair.ChosenReply), new([.. prompt, .. other.Rejected[^other.RejectedReply..]], other.RejectedReply), true),
                new RatedReply(new(pair.Rejected, pair.RejectedReply), new([.. prompt, .. other.Chosen[^other.ChosenReply..]], other.ChosenReply), false),
            };
        })], 0);
    }

    /// <summary>The chosen reply says x, the rejected one y, after prompts of unequal length.</summary>
    private TokenizedPair[] Pairs(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var prompt = _world.Prompts[i % _world.Prompts.Count].Tokens;
        var (chosen, rejected) = (_world.Tokenizer.Encode(new string('x', 1 + i % 3)), _world.Tokenizer.Encode(new string('y', 1 + (i + 1) % 3)));
        return new TokenizedPair(new PreferencePair("", "", ""), [.. prompt, .. chosen], [.. prompt, .. rejected])
        {
            ChosenReply = chosen.Length, RejectedReply = rejected.Length,
        };
    })];

    private string[] Lines(string name) => File.ReadAllLines(Path.Combine(_world.Folder(name), "metrics.jsonl"));

    private byte[] Weights(string name) => File.ReadAllBytes(Path.Combine(_world.Folder(name), "final", "model.safetensors"));

    /// <summary>Looks when training begins, and after each step.</summary>
    private sealed class Watching(Action look) : IProgressSink
    {
        public void Begin(string title, long total, long done) => look();

        public void Advance(long done, IReadOnlyDictionary<string, double> metrics) => look();

        public void End() { }

        public void Note(string line) { }

        public void Warn(string line) { }

        public void Dispose() { }
    }
}
