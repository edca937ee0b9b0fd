using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Training;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// The update: epochs × minibatches × micro-batches over one batch of episodes. Losses are weighted by the tokens of
/// the whole minibatch, so its gradient does not depend on how it was split or padded, or on how many processes share it.
/// </summary>
public sealed class PpoOptimizer<TBatch>(
    PpoRecipe recipe, IActorCritic<TBatch> model, ModelOptimizer policy, ModelOptimizer? critic, ulong seed, Collective job)
    where TBatch : Trajectories
{
    /// <summary>An update ends where it went this much further than its target.</summary>
    private const double TargetKlTolerance = 1.5;

    /// <summary>A limit has to be held before a minibatch is taken, so each waits for the device; without one the update waits once, at its end.</summary>
    private readonly bool _isLimited = recipe.TargetKl > 0 || recipe.MaxRatio > 0;

    /// <param name="batch">the episodes</param>
    /// <param name="advantages">[B,T]</param>
    /// <param name="returns">[B,T], what the critic should have said; not read without one</param>
    /// <param name="settings">of this step</param>
    public UpdateReport Update(TBatch batch, Tensor advantages, Tensor returns, UpdateSettings settings)
    {
        var progress = new UpdateProgress();
        for (var epoch = 0; epoch < recipe.Epochs && !progress.WentFarEnough; epoch++)
        {
            progress.Epochs++;
            foreach (var rows in Deal(batch.Count, settings.Step, epoch))
            {
                using var scope = NewDisposeScope();
                var sums = Accumulate(batch, advantages, returns, rows, settings);
                Step(progress, sums, settings);
                progress.Tokens += rows.Sum(row => batch.Layout.Lengths[row]);
                if (progress.WentFarEnough) break;
            }
        }

        return progress.Report();
    }

    /// <summary>Gradients of one minibatch, added up over its micro-batches, with what the metrics want to know of it.</summary>
    internal Tensor Accumulate(TBatch batch, Tensor advantages, Tensor returns, int[] rows, UpdateSettings settings)
    {
        policy.ClearGradients();
        critic?.ClearGradients();
        var terms = new LossTerms(recipe, settings);
        var minibatch = new Minibatch(batch, advantages, returns, rows, recipe);
        Tensor? sums = null;
        foreach (var part in minibatch.Split(job.PartOf(rows), recipe.MicroBatchTokens))
        {
            using var scope = NewDisposeScope();
            var (loss, statistics) = terms.Of(model.Evaluate(batch, part), minibatch.Of(part));
            Autograd.Backward(loss);
            sums = (sums is null ? statistics : UpdateStatistics.Add(sums, statistics)).MoveToOuterDisposeScope();
        }

        return UpdateStatistics.OfAll(job, sums, batch.Layout.Device);
    }

    /// <summary>The episodes in a new order, dealt into minibatches whose sizes differ by one at most.</summary>
    private IEnumerable<int[]> Deal(int count, long step, int epoch)
    {
        var order = CounterShuffle.Permutation(count, ~seed, step * recipe.Epochs + epoch);
        for (var i = 0; i < recipe.Minibatches; i++)
            yield return order[(count * i / recipe.Minibatches)..(count * (i + 1) / recipe.Minibatches)];
    }

    /// <summary>Steps the optimizers, unless the minibatch shows that the update has gone too far.</summary>
    private void Step(UpdateProgress progress, Tensor sums, UpdateSettings settings)
    {
        progress.Observe(sums);
        if (_isLimited && IsBeyond(UpdateStatistics.Read([sums])[0], progress)) return;
        if (!settings.CriticOnly) progress.PolicyNorms.Add(policy.Step(settings.PolicyLearningRate).MoveToOuterDisposeScope());
        if (critic is not null) progress.CriticNorms.Add(critic.Step(settings.CriticLearningRate).MoveToOuterDisposeScope());
    }

    private bool IsBeyond(UpdateStatistics statistics, UpdateProgress progress)
    {
        progress.WentFarEnough = recipe.TargetKl > 0 && statistics.ApproximateKl > TargetKlTolerance * recipe.TargetKl;
        if (progress.WentFarEnough) return true;
        if (recipe.MaxRatio == 0 || statistics.RatioMean <= recipe.MaxRatio) return false;
        progress.Skipped++;
        return true;
    }
}
