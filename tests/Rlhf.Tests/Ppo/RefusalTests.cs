using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Ppo;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Scorers;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>What a run refuses, and what it says.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly TinyWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Train_ReferenceSharesItsWeights_RefusesBeforeTheFirstStep()
    {
        var inputs = _world.Inputs(TinyWorld.Recipe);
        var shared = new PpoInputs
        {
            Recipe = inputs.Recipe, Policy = inputs.Policy, Reference = inputs.Policy, Tokenizer = inputs.Tokenizer,
            Scorer = inputs.Scorer, Prompts = inputs.Prompts, Seed = 1, Device = CPU,
        };
        Assert.Contains("the reference must be a copy", Message(shared));
    }

    [Fact]
    public void Train_ReferenceIsAnotherModel_RefusesToCallItTheStart()
    {
        var inputs = _world.Inputs(TinyWorld.Recipe);
        var other = new PpoInputs
        {
            Recipe = inputs.Recipe, Policy = inputs.Policy, Reference = _world.Model(seed: 2), Tokenizer = inputs.Tokenizer,
            Scorer = inputs.Scorer, Prompts = inputs.Prompts, Seed = 1, Device = CPU,
        };
        Assert.Contains("KL does not start at 0", Message(other));
    }

    [Fact]
    public void Train_ScorerReturnsInfinity_NamesStepAndWhatToDo()
    {
        var message = Message(_world.Inputs(TinyWorld.Recipe, new InfiniteScorer(fromCall: 1)));
        Assert.StartsWith("step 1: the score is not finite (found Infinity at element 3 of [8]); there is no checkpoint yet", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_ScorerReturnsInfinityLater_NamesTheLastGoodCheckpoint()
    {
        var message = Message(_world.Inputs(TinyWorld.Recipe with { Steps = 5 }, new InfiniteScorer(fromCall: 3)), saveEvery: 1);
        Assert.StartsWith("step 3: the score is not finite", message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine("checkpoints", "step-000002"), message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_LossOverflows_StopsInsteadOfSavingTheWreck()
    {
        var recipe = TinyWorld.Recipe with { Steps = 20, MaxRatio = 0, Optimizer = new() { LearningRate = 1e30, MaxGradientNorm = 0 } };
        Assert.Matches("^step [0-9]+: (the loss is NaN|the gradient of .* holds NaN|.* is not finite).*there is no checkpoint yet", Message(_world.Inputs(recipe)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public void Train_LossIsInfinite_StopsInTheFirstStep(double maxRatio)
    {
        // The critic's square overflows and its gradient does not.
        var recipe = TinyWorld.Recipe with { MaxRatio = maxRatio, WhitenAdvantages = false, Critic = TinyWorld.Recipe.Critic with { Coefficient = 1e-20, WarmupSteps = 5 } };
        Assert.StartsWith("step 1: the loss is Infinity; there is no checkpoint yet", Message(_world.Inputs(recipe, new HugeScorer())), StringComparison.Ordinal);
    }

    [Fact]
    public void Train_PolicyThatIsNoNumber_StopsWhereItGenerates()
    {
        var inputs = _world.Inputs(TinyWorld.Recipe);
        using (no_grad()) inputs.Policy.HeadWeight[7].fill_(float.NaN);
        Assert.Matches(@"^step 1: prompt \d+: the log-probability of token 1 of the response is not finite \(found NaN\); the model's weights are damaged, or diverged in training; there is no checkpoint yet", Message(inputs));
    }

    [Fact]
    public void Build_CriticFromARewardModelThatIsNotThere_SaysWhatToSet()
    {
        var recipe = TinyWorld.Recipe with { Critic = new CriticRecipe { Kind = CriticKind.RewardModel } };
        Assert.Contains("set it to policy or value_head", Message(_world.Inputs(recipe)), StringComparison.Ordinal);
    }

    [Fact]
    public void FromRewardModel_TwoHeads_StartsAtTheirMeanScore()
    {
        using var scope = NewDisposeScope();
        var model = new RewardModel(_world.Model(seed: 3).Trunk, stack([full(16, 0.5f), full(16, 1.5f)]))
        {
            Scales = [new ScoreScale(2, 1), new ScoreScale(4, -3)],
        };
        using var tokens = ResponseBatch.Of([new Exchange([5, 6], [7, 8, 9])], 0, CPU);
        var sums = Expect.Numbers(model.Trunk.Hidden(tokens.Tokens)[0].narrow(0, 1, 3).sum(-1));
        // ((2·0.5 + 4·1.5)·Σh + (1 − 3)) / 2
        Expect.Near([.. sums.Select(sum => 3.5 * sum - 1)], SeparateCritic.From(new RewardEnsemble([model], new EnsembleOptions())).Values(tokens, zeros(3, 16)), 1e-4);
    }

    private string Message(PpoInputs inputs, long saveEvery = 0)
    {
        using var run = _world.Open(Guid.NewGuid().ToString("N"), inputs.Recipe, new RunOptions { SaveEvery = saveEvery });
        return Assert.Throws<RlhfException>(() => PpoAssembly.Build(inputs, run).Train(_world.TokenizerFolder)).Message;
    }

    private sealed class HugeScorer : IScorer
    {
        public string Name => "huge";

        public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select((_, i) => i * 1e20)];
    }

    private sealed class InfiniteScorer(int fromCall) : IScorer
    {
        private int _calls;

        public string Name => "infinite";

        public double[] Score(IReadOnlyList<ScoredText> items)
        {
            var scores = new double[items.Count];
            if (++_calls >= fromCall) scores[3] = double.PositiveInfinity;
            return scores;
        }
    }
}
