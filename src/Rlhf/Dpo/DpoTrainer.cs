using Rlhf.Foundation.Runs;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>Trains a policy on preference pairs; the reference is asked once, before the first step, and then disposed where it is not the policy itself.</summary>
public sealed class DpoTrainer(
    DpoRecipe recipe, CausalLm policy, CausalLm reference, IReadOnlyList<TokenizedPair> train, IReadOnlyList<TokenizedPair> heldOut, int pad, ulong seed)
{
    private const string ModelFile = "model.safetensors", OptimizerFile = "optimizer.safetensors";

    private readonly BatchOrder _order = new([.. train.Select(pair => pair.Length)], recipe.BatchSize, seed);

    public long Steps => Math.Max(1, (long)Math.Round(recipe.Epochs * _order.BatchesPerEpoch));

    /// <param name="run">receives metrics and checkpoints, and at the end the model</param>
    /// <param name="tokenizerFrom">the folder whose tokenizer files go along with the model</param>
    public void Train(Run run, string tokenizerFrom)
    {
        // Before weights are loaded: policy and reference may be one model as they start.
        var (trained, tested) = (Reference(train), Reference(heldOut));
        if (reference != policy) reference.Dispose();
        policy.Trunk.GradientCheckpointing = recipe.GradientCheckpointing;
        using var optimizer = new ModelOptimizer(policy.named_parameters(), recipe.Optimizer, run.Job);
        if (run.Resumed is { } checkpoint)
        {
            LearnedWeights.Load(policy, checkpoint.File(ModelFile));
            optimizer.Load(checkpoint.File(OptimizerFile));
        }

        run.Progress.Begin(run.Stage, Steps, run.StepsDone);
        for (var step = run.StepsDone; step < Steps; step++)
        {
            using var scope = NewDisposeScope();
            var metrics = Step(step, trained, optimizer);
            var isDue = step + 1 == Steps || (recipe.EvalEvery > 0 && (step + 1) % recipe.EvalEvery == 0);
            if (isDue && heldOut.Count > 0)
                foreach (var (name, number) in Evaluate(tested)) metrics[$"eval_{name}"] = number;
            run.Log(step + 1, metrics);
            run.EndStep(step + 1, folder =>
            {
                LearnedWeights.Save(policy, Path.Combine(folder, ModelFile));
                optimizer.Save(Path.Combine(folder, OptimizerFile));
            });
        }

        run.Finish(Steps, folder => ModelFolder.Save(policy, folder, new SaveOptions { TokenizerFrom = tokenizerFrom }));
    }

    private Dictionary<string, double> Step(long step, DpoMargins margins, ModelOptimizer optimizer)
    {
        var items = _order.At(step);
        Tensor? sums = null;
        foreach (var part in MicroBatches.Split(optimizer.Job.PartOf(items), item => 2 * train[item].Length, recipe.MicroBatchTokens))
        {
            using var scope = NewDisposeScope();
            var (losses, numbers) = margins.Of(policy, part);
            Autograd.Backward(losses.sum() / Number.Of(items.Count));
            sums = (sums is null ? numbers : sums.Plus(numbers)).MoveToOuterDisposeScope();
        }

        var rate = recipe.Optimizer.LearningRateAt(step, Steps);
        var metrics = DpoMargins.Means(optimizer.Job.Total(sums, DpoMargins.Kinds)!, items.Count);
        metrics["gradient_norm"] = optimizer.Step(rate).item<float>();
        metrics["learning_rate"] = rate;
        metrics["epoch"] = (double)(step + 1) / _order.BatchesPerEpoch;
        return metrics;
    }

    private Dictionary<string, double> Evaluate(DpoMargins margins)
    {
        using var off = no_grad();
        Tensor? sums = null;
        foreach (var part in MicroBatches.Split(Enumerable.Range(0, heldOut.Count), item => 2 * heldOut[item].Length, recipe.MicroBatchTokens))
        {
            using var scope = NewDisposeScope();
            var (_, numbers) = margins.Of(policy, part);
            sums = (sums is null ? numbers : sums.Plus(numbers)).MoveToOuterDisposeScope();
        }

        return DpoMargins.Means(sums!, heldOut.Count);
    }

    private DpoMargins Reference(IReadOnlyList<TokenizedPair> pairs) =>
        new(recipe, pairs, PairLikelihoods.OfAll(reference, pairs, pad, recipe.MicroBatchTokens), pad);
}
