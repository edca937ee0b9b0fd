using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>The loop: collect, penalise, estimate, optimise, adapt, log.</summary>
internal sealed class PpoTrainer(
    PpoRecipe recipe, PpoState state, RolloutCollector collector, PpoOptimizer<Rollout> optimizer,
    SelfCheck check, StepLog log, Run run)
{
    private readonly KlPenalty _penalty = new(recipe);
    private readonly AdvantageEstimator _estimator = new(recipe);
    private readonly FiniteGuard _guard = new(() => run.Checkpoints.Latest()?.Folder);

    /// <param name="tokenizerFrom">the folder whose tokenizer files go along with the policy</param>
    public void Train(string tokenizerFrom)
    {
        if (run.Resumed is { } checkpoint) state.Load(checkpoint.Folder);
        run.Progress.Begin(run.Stage, recipe.Steps, run.StepsDone);
        for (var step = run.StepsDone; step < recipe.Steps; step++)
        {
            using var scope = NewDisposeScope();
            var rollout = _guard.Watch(step, () => log.Measure("rollout", () => collector.Collect(step)));
            if (step == 0) check.Run(rollout, recipe.Reference.Model is null);
            var rewards = _penalty.Apply(rollout, state.Kl.Coefficient);
            var (advantages, returns) = _estimator.Estimate(rollout, rewards);
            _guard.Check(step, rollout, rewards, advantages, returns);

            var settings = Settings(step);
            var update = _guard.Watch(step, () => log.Measure("update", () => optimizer.Update(rollout, advantages, returns, settings)));
            state.Episodes += rollout.Count + rollout.RedrawnGroups * recipe.GroupSize;
            if (!settings.CriticOnly) Adapt(rollout, update);
            state.Reference.Follow(state.Policy, step + 1);

            log.Write(step + 1, state.Episodes, rollout, rewards, returns, update, settings);
            run.EndStep(step + 1, folder => state.Save(folder, tokenizerFrom), state.Assist);
        }

        run.Finish(recipe.Steps, folder => ModelFolder.Save(state.Policy, folder, new SaveOptions { TokenizerFrom = tokenizerFrom }));
    }

    /// <summary>Coefficients answer what the policy did, so they wait while it stands still.</summary>
    private void Adapt(Rollout rollout, UpdateReport update)
    {
        state.Kl.Observe(rollout.MeanSequenceKl(), rollout.Count);
        state.Entropy.Observe(rollout.MeanEntropy());
        if (recipe.Surrogate == PolicyObjective.KlPenalty) state.Penalty.Observe(update.LastKl);
    }

    private UpdateSettings Settings(long step) => new()
    {
        Step = step,
        PolicyLearningRate = recipe.Optimizer.LearningRateAt(step, recipe.Steps),
        CriticLearningRate = recipe.Critic.Optimizer.LearningRateAt(step, recipe.Steps),
        EntropyCoefficient = state.Entropy.At(step),
        KlCoefficient = state.Kl.Coefficient,
        PenaltyCoefficient = state.Penalty.Value,
        CriticOnly = step < recipe.Critic.WarmupSteps && recipe.HasCritic,
    };
}
