using Rlhf.Foundation.Jobs;
using Rlhf.Maths;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Training;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>What a minibatch's gradient must not depend on.</summary>
public sealed class GradientTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TinyWorld _world = new();

    public void Dispose()
    {
        _world.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [InlineData(LossAveraging.Token, 1)]
    [InlineData(LossAveraging.Token, 30)]
    [InlineData(LossAveraging.Sequence, 1)]
    [InlineData(LossAveraging.Sequence, 30)]
    public void Gradient_SplitIntoMicroBatches_StaysTheSame(LossAveraging averaging, int maxTokens)
    {
        var recipe = TinyWorld.Recipe with { LossAveraging = averaging };
        var whole = Gradient(recipe, [0, 1, 2, 3, 4, 5]);
        Same(whole, Gradient(recipe with { MicroBatchTokens = maxTokens }, [0, 1, 2, 3, 4, 5]));
    }

    [Fact]
    public void Gradient_EpisodesPermuted_StaysTheSame() =>
        Same(Gradient(TinyWorld.Recipe, [0, 1, 2, 3, 4, 5]), Gradient(TinyWorld.Recipe, [3, 5, 1, 0, 4, 2]));

    [Fact]
    public void Gradient_TableWiderThanTheEpisodes_StaysTheSame()
    {
        var padded = Rollout(extraEpisode: new string('y', 20));
        Same(Gradient(TinyWorld.Recipe, [0, 1, 2, 3, 4, 5]), Gradient(TinyWorld.Recipe, [0, 1, 2, 3, 4, 5], padded));
    }

    [Fact]
    public void Gradient_TokenAveraging_IsTheTokenWeightedMeanOfItsEpisodes()
    {
        var (short_, long_) = (Gradient(TinyWorld.Recipe, [0]), Gradient(TinyWorld.Recipe, [1]));
        var lengths = Rollout().Layout.Lengths;
        double total = lengths[0] + lengths[1];
        Assert.NotEqual(lengths[0], lengths[1]);
        Same([.. short_.Zip(long_, (a, b) => (a * lengths[0] + b * lengths[1]) / total)], Gradient(TinyWorld.Recipe, [0, 1]));
    }

    [Fact]
    public void Gradient_SequenceAveraging_IsThePlainMeanOfItsEpisodes()
    {
        var recipe = TinyWorld.Recipe with { LossAveraging = LossAveraging.Sequence };
        Same([.. Gradient(recipe, [0]).Zip(Gradient(recipe, [1]), (a, b) => (a + b) / 2)], Gradient(recipe, [0, 1]));
    }

    private static void Same(double[] expected, double[] actual)
    {
        Assert.Contains(expected, x => Math.Abs(x) > 1e-3);
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    private double[] Gradient(PpoRecipe recipe, int[] rows, Rollout? rollout = null)
    {
        var policy = _world.Model();
        var critic = new ValueHead(policy.Config.Width, CPU);
        var models = new LanguageActorCritic(policy, critic, temperature: 0.8, EntropyUse.Rewarded, pad: 0, CPU);
        var optimizer = new PpoOptimizer<Rollout>(
            recipe, models, new ModelOptimizer(policy.named_parameters(), recipe.Optimizer), new ModelOptimizer(critic.named_parameters(), recipe.Optimizer), 1, Collective.Alone);
        rollout ??= Rollout();
        var advantages = Table(rollout, (i, t) => Math.Sin(3 * i + t));
        var returns = Table(rollout, (i, t) => Math.Cos(2 * i - t));
        optimizer.Accumulate(rollout, advantages, returns, rows, new UpdateSettings { Step = 0, EntropyCoefficient = 0.01 });
        return [.. policy.parameters().Concat(critic.parameters()).SelectMany(weight => Expect.Numbers(weight.grad!))];
    }

    /// <summary>Six episodes of 1 to 6 tokens after prompts of unequal length, with old log-probs a little off the present ones.</summary>
    private Rollout Rollout(string? extraEpisode = null)
    {
        string[] answers = ["four", "s", "abcdef", "xy", "zzzzz", "one", .. extraEpisode is null ? Array.Empty<string>() : [extraEpisode]];
        Episode[] episodes = [.. answers.Select((text, i) => new Episode
        {
            Prompt = _world.Prompts[i % _world.Prompts.Count],
            Sample = 0,
            Response = _world.Tokenizer.Encode(text),
            Text = text,
            LogProbs = [],
            Reason = StopReason.Length,
        })];
        var layout = new TokenLayout([.. episodes.Select(episode => episode.Response.Length)], CPU);
        var models = new LanguageActorCritic(_world.Model(), null, 0.8, EntropyUse.Ignored, 0, CPU);
        var likelihoods = Likelihoods.Of(Likelihoods.Judge(episodes, models, new Reference(models.Policy, new ReferenceRecipe()), 10000), layout);
        var rollout = new Rollout(episodes, layout)
        {
            RawScores = new double[episodes.Length],
            Scores = zeros(episodes.Length),
            LogProbs = likelihoods.LogProbs + 0.05,
            ReferenceLogProbs = likelihoods.ReferenceLogProbs,
            ExactKl = likelihoods.ExactKl,
            Entropy = likelihoods.Entropy,
            Values = zeros_like(likelihoods.LogProbs),
        };
        return rollout;
    }

    private static Tensor Table(Rollout rollout, Func<int, int, double> cell)
    {
        var cells = new float[rollout.Count * rollout.Layout.Width];
        for (var i = 0; i < cells.Length; i++) cells[i] = (float)cell(i / rollout.Layout.Width, i % rollout.Layout.Width);
        return tensor(cells, [rollout.Count, rollout.Layout.Width]);
    }
}
