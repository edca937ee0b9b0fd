using Rlhf.Foundation.Runs;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Training;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>Trains a policy on preferences; the reference is asked once, before the first step, and then disposed where it is not the policy itself.</summary>
internal sealed class DpoTrainer(DpoRecipe recipe, CausalLm policy, CausalLm reference, IPreferences train, IPreferences heldOut, ulong seed)
{
    private const string ModelFile = "model.safetensors", OptimizerFile = "optimizer.safetensors";

    private readonly BatchOrder _order = new([.. Enumerable.Range(0, train.Count).Select(train.Cost)], recipe.BatchSize, seed);
    private readonly PreferenceDiagnosis _diagnosis = new(recipe);

    public long Steps => Math.Max(1, (long)Math.Round(recipe.Epochs * _order.BatchesPerEpoch));

    /// <param name="run">receives metrics and checkpoints, and at the end the model</param>
    /// <param name="tokenizerFrom">the folder whose tokenizer files go along with the model</param>
    public void Train(Run run, string tokenizerFrom)
    {
        // Before weights are loaded: policy and reference may be one model as they start.
        if (recipe.UsesReference)
        {
            train.Judge(reference, recipe.MicroBatchTokens);
            heldOut.Judge(reference, recipe.MicroBatchTokens);
        }

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
            var metrics = Step(step, optimizer);
            var isDue = step + 1 == Steps || (recipe.EvalEvery > 0 && (step + 1) % recipe.EvalEvery == 0);
            if (isDue && heldOut.Count > 0)
                foreach (var (name, number) in Evaluate()) metrics[$"eval_{name}"] = number;
            if (_diagnosis.Of(metrics) is { } advice) run.Warn($"step {step + 1}: {advice}");
            run.Log(step + 1, metrics);
            run.EndStep(step + 1, folder =>
            {
                LearnedWeights.Save(policy, Path.Combine(folder, ModelFile));
                optimizer.Save(Path.Combine(folder, OptimizerFile));
            }, optimizer.Assist);
        }

        run.Finish(Steps, folder => ModelFolder.Save(policy, folder, new SaveOptions { TokenizerFrom = tokenizerFrom }));
    }

    private Dictionary<string, double> Step(long step, ModelOptimizer optimizer)
    {
        var items = _order.At(step);
        var parts = Parts(train, optimizer.Job.PartOf(items));
        var shared = optimizer.Job.Total(Sum(parts, part => train.Shared(policy, part)), 1) is { } total ? total / Number.Of(items.Count) : null;
        var sums = Sum(parts, part =>
        {
            var (losses, numbers) = train.Of(policy, part, shared);
            Autograd.Backward(losses.sum() / Number.Of(items.Count));
            return numbers;
        });

        var rate = recipe.Optimizer.LearningRateAt(step, Steps);
        var metrics = train.Means(optimizer.Job.Total(sums, train.Kinds)!, items.Count);
        metrics["gradient_norm"] = ModelOptimizer.Read(optimizer.Step(rate));
        metrics["learning_rate"] = rate;
        metrics["epoch"] = (double)(step + 1) / _order.BatchesPerEpoch;
        return metrics;
    }

    private Dictionary<string, double> Evaluate()
    {
        using var off = no_grad();
        var parts = Parts(heldOut, [.. Enumerable.Range(0, heldOut.Count)]);
        var shared = Sum(parts, part => heldOut.Shared(policy, part)) is { } total ? total / Number.Of(heldOut.Count) : null;
        return heldOut.Means(Sum(parts, part => heldOut.Of(policy, part, shared).Sums)!, heldOut.Count);
    }

    private IReadOnlyList<int[]> Parts(IPreferences preferences, IReadOnlyList<int> items) => MicroBatches.Split(items, preferences.Cost, recipe.MicroBatchTokens);

    /// <summary>Over micro-batches, each of which gives its memory back; null where none of them has anything to say.</summary>
    private static Tensor? Sum(IReadOnlyList<int[]> parts, Func<int[], Tensor?> of)
    {
        Tensor? sum = null;
        foreach (var part in parts)
        {
            using var scope = NewDisposeScope();
            if (of(part) is { } numbers) sum = (sum is null ? numbers : sum.Plus(numbers)).MoveToOuterDisposeScope();
        }

        return sum;
    }
}
