using Rlhf.Foundation.Jobs;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Training;
using Rlhf.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>
/// A problem small enough to be solved by hand: one token, three states, five actions. What maximises
/// E[r] − β·KL(π‖ρ) is π* ∝ ρ·exp(r/β). The penalty, the advantages, the losses and the update are those of the trainer;
/// only the model is a table, which can express π* exactly.
/// </summary>
public sealed class KnownOptimumTests
{
    private const int States = 3, Actions = 5, Batch = 2048, Steps = 120;

    private static readonly double[,] Reward =
    {
        { 1, 0, -1, 0.5, 0 },
        { 0, 2, 0, -0.5, 1 },
        { -1, -1, 1.5, 0, 0 },
    };

    [Theory]
    [InlineData(1.0, Algorithm.Ppo)]
    [InlineData(0.5, Algorithm.Ppo)]
    [InlineData(0.5, Algorithm.Rloo)]
    [InlineData(0.5, Algorithm.ReinforcePlusPlus)]
    public void Update_UntilItSettles_ReachesTheKlRegularisedOptimum(double beta, Algorithm algorithm)
    {
        using var scope = NewDisposeScope();
        var reference = tensor(new[] { 0.5f, 0, -0.5f, 0, 1, 0, 0, 0, 0.3f, -1, 1, 0, 0, 0.5f, 0 }, [States, Actions]).log_softmax(-1);
        var table = new SoftmaxTable(reference.clone());
        var recipe = new PpoRecipe { Algorithm = algorithm, SamplesPerPrompt = 2, Epochs = 2, Minibatches = 2 };
        var optimizer = new ModelOptimizer(table.named_parameters(), new OptimizerOptions { MaxGradientNorm = 0 });
        var update = new PpoOptimizer<TableEpisodes>(recipe, table, optimizer, null, seed: 3, Collective.Alone);
        for (var step = 0; step < Steps; step++)
        {
            using var inner = NewDisposeScope();
            var episodes = Draw(table, reference, step);
            var rewards = new KlPenalty(recipe).Apply(episodes, Scores(episodes), beta);
            var (advantages, returns) = new AdvantageEstimator(recipe).Estimate(episodes, rewards);
            update.Update(episodes, advantages, returns, new UpdateSettings { Step = step, PolicyLearningRate = 0.1 * (1 - (double)step / Steps) });
        }

        var optimum = (reference + tensor(Reward.Cast<double>().Select(x => (float)(x / beta)).ToArray(), [States, Actions])).softmax(-1);
        Assert.All(Expect.Numbers(Distance(table.Logits.softmax(-1), optimum)), distance => Assert.InRange(distance, 0, 0.02));
        Assert.All(Expect.Numbers(Distance(reference.exp(), optimum)), distance => Assert.InRange(distance, 0.1, 1));
    }

    /// <summary>Total variation of each state.</summary>
    private static Tensor Distance(Tensor a, Tensor b) => (a - b).abs().sum(-1) * 0.5;

    private static TableEpisodes Draw(SoftmaxTable table, Tensor reference, int step)
    {
        using var off = no_grad();
        var policy = table.Logits.log_softmax(-1);
        var probabilities = policy.exp().data<float>().ToArray();
        var (states, actions) = (new int[Batch], new int[Batch]);
        for (var i = 0; i < Batch; i++)
        {
            states[i] = i / 2 % States;
            var left = CounterRandom.Uniform(new RandomKey(9, step, i, 0), 0);
            while (actions[i] < Actions - 1 && (left -= probabilities[states[i] * Actions + actions[i]]) >= 0) actions[i]++;
        }

        var places = tensor(states.Zip(actions, (state, action) => (long)state * Actions + action).ToArray());
        return new TableEpisodes(states, actions)
        {
            LogProbs = policy.reshape(-1).index_select(0, places).unsqueeze(1),
            ReferenceLogProbs = reference.reshape(-1).index_select(0, places).unsqueeze(1),
            Values = zeros(Batch, 1),
        };
    }

    private static Tensor Scores(TableEpisodes episodes) =>
        tensor(episodes.States.Zip(episodes.Actions, (state, action) => (float)Reward[state, action]).ToArray());
}
