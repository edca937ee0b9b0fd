using Rlhf.Foundation.Runs;
using Rlhf.Policies.Models;
using Rlhf.Policies.Training;
using static TorchSharp.torch;

namespace Rlhf.Policies.Sft;

/// <summary>Trains a language model on texts; a run that was stopped goes on exactly where it was.</summary>
internal sealed class SftTrainer(SftRecipe recipe, CausalLm model, IReadOnlyList<SftExample> rows, IReadOnlyList<SftExample> heldOut, int pad, ulong seed)
{
    private const string ModelFile = "model.safetensors", OptimizerFile = "optimizer.safetensors";

    private readonly BatchOrder _order = new([.. rows.Select(row => row.Tokens.Length)], recipe.BatchSize, seed);

    public long Steps => Math.Max(1, (long)Math.Round(recipe.Epochs * _order.BatchesPerEpoch));

    /// <summary>Writes samples where the recipe asks for them.</summary>
    public SftSampler? Sampler { get; init; }

    /// <summary>Writes the model into a folder; without it the best evaluation leaves no best/.</summary>
    public Action<string>? SaveModel { get; init; }

    /// <summary>Trains to the end, or throws <see cref="InterruptedException"/> with a checkpoint left behind.</summary>
    public void Train(Run run)
    {
        model.Trunk.GradientCheckpointing = recipe.GradientCheckpointing;
        using var optimizer = new ModelOptimizer(model.named_parameters(), recipe.Optimizer, run.Job);
        var best = SaveModel is null ? null : new BestEvaluation(run, SaveModel);
        if (run.Resumed is { } checkpoint)
        {
            best?.Load(checkpoint.Folder);
            LearnedWeights.Load(model, checkpoint.File(ModelFile));
            optimizer.Load(checkpoint.File(OptimizerFile));
        }

        run.Progress.Begin(run.Stage, Steps, run.StepsDone);
        for (var done = run.StepsDone; done < Steps;)
        {
            var metrics = Step(done++, optimizer);
            if (heldOut.Count > 0 && (done == Steps || (recipe.EvalEvery > 0 && done % recipe.EvalEvery == 0)))
            {
                metrics["eval_loss"] = Evaluate();
                metrics["eval_perplexity"] = Math.Exp(metrics["eval_loss"]);
                best?.Observe(done, metrics["eval_loss"]);
            }

            run.Log(done, metrics);
            if (recipe.SampleEvery > 0 && (done == Steps || done % recipe.SampleEvery == 0)) Sampler?.Write(run, done);
            run.EndStep(done, folder =>
            {
                LearnedWeights.Save(model, Path.Combine(folder, ModelFile));
                optimizer.Save(Path.Combine(folder, OptimizerFile));
                best?.Save(folder);
            }, optimizer.Assist);
        }
    }

    /// <summary>Mean loss per counted token of the held-out rows.</summary>
    public double Evaluate()
    {
        using var quiet = no_grad();
        var sum = 0.0;
        foreach (var part in Parts(Enumerable.Range(0, heldOut.Count), heldOut))
        {
            using var loss = SftLoss.Summed(model, part, pad);
            sum += loss.item<float>();
        }

        return sum / heldOut.Sum(SftLoss.Counted);
    }

    private Dictionary<string, double> Step(long done, ModelOptimizer optimizer)
    {
        using var scope = NewDisposeScope();
        var items = _order.At(done);
        var count = items.Sum(item => SftLoss.Counted(rows[item]));
        var loss = GradientAccumulation.Run(Parts(optimizer.Job.PartOf(items), rows), part => SftLoss.Summed(model, part, pad), count, optimizer.Job);
        var rate = recipe.Optimizer.LearningRateAt(done, Steps);
        var norm = optimizer.Step(rate);
        return new Dictionary<string, double>
        {
            ["loss"] = loss.item<float>(), ["gradient_norm"] = ModelOptimizer.Read(norm), ["learning_rate"] = rate, ["tokens"] = count,
            ["epoch"] = (double)(done + 1) / _order.BatchesPerEpoch,
        };
    }

    private IEnumerable<IReadOnlyList<SftExample>> Parts(IEnumerable<int> items, IReadOnlyList<SftExample> from) =>
        MicroBatches.Split(items, item => from[item].Tokens.Length, recipe.MicroBatchTokens).Select(part => part.Select(item => from[item]).ToArray());
}
