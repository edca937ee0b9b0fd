using Rlhf.Foundation.Runs;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Models;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Training;

/// <summary>Trains one reward model; a run that was stopped goes on exactly where it was.</summary>
internal sealed class RewardTrainer(RewardRecipe recipe, IRewardObjective objective, RewardModel model, ulong seed)
{
    private const string ModelFile = "model.safetensors", OptimizerFile = "optimizer.safetensors";

    private readonly BatchOrder order = new(objective.Lengths, recipe.BatchSize, seed);

    public long Steps => Math.Max(1, (long)Math.Round(recipe.Epochs * order.BatchesPerEpoch));

    /// <summary>Trains to the end, or throws <see cref="InterruptedException"/> with a checkpoint left behind. The result is how many steps were done.</summary>
    public long Train(Run run)
    {
        model.Trunk.GradientCheckpointing = recipe.GradientCheckpointing;
        using var optimizer = new ModelOptimizer(model.named_parameters(), recipe.Optimizer, run.Job);
        using var stop = new EarlyStop(recipe.Patience, model);
        if (run.Resumed is { } checkpoint) Load(checkpoint.Folder);
        run.Progress.Begin(run.Stage, Steps, run.StepsDone);
        var done = run.StepsDone;
        while (done < Steps && !stop.IsOver)
        {
            var metrics = Step(done++, optimizer);
            if (recipe.EvalEvery > 0 && (done % recipe.EvalEvery == 0 || done == Steps)) Evaluate(metrics, stop);
            run.Log(done, metrics);
            run.EndStep(done, Save, optimizer.Assist);
        }

        stop.TakeBest();
        return done;

        void Save(string folder)
        {
            LearnedWeights.Save(model, Path.Combine(folder, ModelFile));
            optimizer.Save(Path.Combine(folder, OptimizerFile));
            stop.Save(folder);
        }

        void Load(string folder)
        {
            LearnedWeights.Load(model, Path.Combine(folder, ModelFile));
            optimizer.Load(Path.Combine(folder, OptimizerFile));
            stop.Load(folder);
        }
    }

    private Dictionary<string, double> Step(long done, ModelOptimizer optimizer)
    {
        using var scope = NewDisposeScope();
        var items = order.At(done);
        var parts = MicroBatches.Split(optimizer.Job.PartOf(items), item => objective.Lengths[item] * objective.RowsPerItem, recipe.MicroBatchTokens);
        var loss = GradientAccumulation.Run(parts, part => objective.SummedLoss(model, part), items.Count, optimizer.Job);
        var rate = recipe.Optimizer.LearningRateAt(done, Steps);
        var norm = optimizer.Step(rate);
        return new Dictionary<string, double>
        {
            ["loss"] = loss.item<float>(), ["gradient_norm"] = ModelOptimizer.Read(norm), ["learning_rate"] = rate,
            ["epoch"] = (double)(done + 1) / order.BatchesPerEpoch,
        };
    }

    private void Evaluate(Dictionary<string, double> metrics, EarlyStop stop)
    {
        var heldOut = objective.Evaluate(new RewardEnsemble([model], recipe.Ensemble));
        metrics["eval_loss"] = heldOut.LogLoss;
        metrics["eval_accuracy"] = heldOut.Accuracy;
        stop.Observe(heldOut.LogLoss);
    }
}
