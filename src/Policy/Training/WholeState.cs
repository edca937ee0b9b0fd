using Rlhf.Foundation;
using Rlhf.Foundation.Jobs;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using Rlhf.Policies.TensorFiles;
using static TorchSharp.torch;

namespace Rlhf.Policies.Training;

/// <summary>An optimizer's state on one rank, or the same on every one.</summary>
internal sealed class WholeState(ParameterGroup[] groups, Collective job) : IOptimizerState
{
    public const string StepKey = "step";

    public Tensor? Collect()
    {
        if (job.Size > 1) SumOverRanks();
        var gradients = Gradients();
        return gradients.Length == 0 ? null : Norm(Array.ConvertAll(gradients, one => one.Gradient));
    }

    public string? NotFinite() => Array.Find(Gradients(), one => !one.Gradient.isfinite().all().item<bool>()).Name;

    public void Step(AdamWStep step, Tensor? divisor)
    {
        foreach (var group in groups) group.Step(step, divisor);
    }

    public void ClearGradients()
    {
        foreach (var group in groups) group.ClearGradients();
    }

    public void Save(string path, long steps)
    {
        using var scope = NewDisposeScope();
        var state = State();
        state[StepKey] = tensor(steps);
        StateFile.Save(path, state);
    }

    public void Assist() { }

    public long Load(string path)
    {
        using var scope = NewDisposeScope();
        var loaded = StateFile.Load(path);
        if (!loaded.Remove(StepKey, out var steps)) throw new RlhfException($"{path}: not the state of an optimizer: it has no '{StepKey}'");
        foreach (var (name, target) in State())
        {
            if (!loaded.Remove(name, out var source)) throw new RlhfException($"{path}: '{name}' is missing; the checkpoint belongs to another model");
            if (!source.shape.SequenceEqual(target.shape))
                throw new RlhfException($"{path}: '{name}' is [{string.Join(", ", source.shape)}], expected [{string.Join(", ", target.shape)}]; the checkpoint belongs to another model");
            target.copy_(source);
        }

        if (loaded.Count > 0) throw new RlhfException($"{path}: '{loaded.Keys.First()}' belongs to no parameter of this model");
        foreach (var group in groups) group.CopyToModel();
        return steps.item<long>();
    }

    public void Dispose()
    {
        foreach (var group in groups) group.Dispose();
    }

    private (string Name, Tensor Gradient)[] Gradients() => [.. groups.SelectMany(group => group.Gradients())];

    private void SumOverRanks()
    {
        var reached = Reached.OnAnyRank(job, [.. groups.SelectMany(group => group.Parameters)]);
        var first = 0;
        foreach (var group in groups)
        {
            group.FillGradients(reached.AsSpan(first, group.Parameters.Count));
            first += group.Parameters.Count;
        }

        foreach (var (_, gradient) in Gradients()) job.Sum(gradient);
    }

    private Dictionary<string, Tensor> State() => groups.SelectMany(group => group.State()).ToDictionary(one => one.Name, one => one.Tensor, StringComparer.Ordinal);

    private static Tensor Norm(Tensor[] gradients) =>
        gradients.All(KernelRule.Serves) ? tensor((float)OptimizerStep.Norm(Array.ConvertAll(gradients, one => one.contiguous()))) : GradientNorm.Of(gradients);
}
