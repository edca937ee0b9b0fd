using Rlhf.Foundation.Jobs;
using Rlhf.Maths;
using Rlhf.Policies.Training;
using Rlhf.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Tests.Tabular;

/// <summary>The trainer's penalty, advantages, losses and update on a problem whose policy is a table.</summary>
internal sealed class Training(PpoRecipe recipe, Problem problem)
{
    private const double LearningRate = 0.1;

    public int Steps { get; init; } = 150;

    public int Episodes { get; init; } = 512;

    /// <summary>[S,A] ln π to begin with; null: the reference</summary>
    public Tensor? Start { get; init; }

    /// <summary>[S,A] ln τ of a teacher; null without one</summary>
    public Tensor? Teacher { get; init; }

    /// <summary>What the sampler makes of the policy it is given, [S,A] to [S,A]; null: draws from it as it is.</summary>
    public Func<Tensor, Tensor>? Sampler { get; init; }

    /// <returns>[S,A] the policy in the end</returns>
    public Tensor Run()
    {
        // Regions of work this small are over before a second thread has come.
        var threads = get_num_threads();
        set_num_threads(1);
        try
        {
            return Trained();
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private Tensor Trained()
    {
        var reference = problem.LogReference();
        var table = new SoftmaxTable((Start ?? reference).clone(), recipe.Teacher?.Divergence == TeacherDivergence.Exact ? Teacher : null);
        var critic = recipe.HasCritic ? new ModelOptimizer(table.Critic.named_parameters(), new OptimizerOptions { MaxGradientNorm = 0 }) : null;
        var policy = new ModelOptimizer(table.named_parameters().Where(pair => pair.name == "logits"), new OptimizerOptions { MaxGradientNorm = 0 });
        var update = new PpoOptimizer<TableEpisodes>(recipe, table, policy, critic, seed: 3, Collective.Alone);
        EntropyController entropy = recipe.EntropyTarget > 0
            ? new TargetEntropy(recipe.EntropyCoefficient, recipe.EntropyTarget, recipe.EntropyGain)
            : new ScheduledEntropy(recipe.EntropyCoefficient, recipe.EntropyCoefficient, Steps);
        for (var step = 0; step < Steps; step++)
        {
            using var inner = NewDisposeScope();
            var episodes = Draw(table, reference, step);
            var scores = tensor(Array.ConvertAll(problem.Scores(episodes), score => (float)score));
            var rewards = new KlPenalty(recipe).Apply(episodes, scores, recipe.KlCoefficient);
            var (advantages, returns) = new AdvantageEstimator(recipe).Estimate(episodes, rewards);
            var rate = LearningRate * (1 - (double)step / Steps);
            update.Update(episodes, advantages, returns, new UpdateSettings
            {
                Step = step, PolicyLearningRate = rate, CriticLearningRate = rate, KlCoefficient = recipe.KlCoefficient, PenaltyCoefficient = 1,
                EntropyCoefficient = entropy.At(step),
            });
            entropy.Observe(Entropy.OfLogits(table.Logits.detach()).mean().item<float>());
        }

        return table.Logits.detach().softmax(-1);
    }

    private TableEpisodes Draw(SoftmaxTable table, Tensor reference, int step)
    {
        using var off = no_grad();
        var policy = table.Logits.log_softmax(-1);
        var sampler = Sampler?.Invoke(policy) ?? policy;
        var drawn = problem.Draw(sampler, Episodes / recipe.GroupSize, recipe.GroupSize, step);
        return new TableEpisodes(drawn)
        {
            LogProbs = drawn.Of(policy),
            DrawnLogProbs = drawn.Of(sampler),
            ReferenceLogProbs = drawn.Of(reference),
            TeacherLogProbs = Teacher is null ? null : drawn.Of(Teacher),
            Values = recipe.HasCritic ? drawn.Of(table.Critic.Table.unsqueeze(1).expand(-1, problem.Actions)) : null,
        };
    }
}
