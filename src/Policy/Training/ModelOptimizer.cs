using Rlhf.Foundation;
using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using Rlhf.Policies.TensorFiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) over a model's trainable parameters: matrices decay, vectors do not; gradients are
/// clipped to a norm over all of them. The moments, and float32 weights where the model is narrower, live here.
/// </summary>
public sealed class ModelOptimizer : IDisposable
{
    private const string StepKey = "step";

    private readonly OptimizerOptions _options;
    private readonly ParameterGroup[] _groups;
    private readonly bool _onGpu;

    /// <param name="parameters">those that are trainable learn</param>
    /// <param name="options">of the recipe</param>
    /// <param name="job">the processes whose gradients add up before a step; none: this one alone</param>
    public ModelOptimizer(IEnumerable<(string name, Parameter parameter)> parameters, OptimizerOptions options, Collective? job = null)
    {
        _options = options;
        Job = job ?? Collective.Alone;
        var trainable = parameters.Where(one => one.parameter.requires_grad).ToArray();
        if (trainable.Length == 0) throw new ArgumentException("no parameter of the model is trainable", nameof(parameters));
        _groups = [.. trainable.GroupBy(one => (Decays: one.parameter.dim() > 1, one.parameter.dtype))
            .Select(group => new ParameterGroup(group, group.Key.Decays ? options.WeightDecay : 0))];
        _onGpu = trainable[0].parameter.device_type == DeviceType.CUDA;
    }

    /// <summary>The processes whose gradients add up; each goes through its part of a batch.</summary>
    public Collective Job { get; }

    /// <summary>Steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>
    /// Moves the parameters along their gradients, forgets these, and returns their norm before clipping (on the device).
    /// </summary>
    /// <exception cref="NotFiniteException">A gradient is not finite. On a GPU that would cost a wait; there the norm tells.</exception>
    public Tensor Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        if (Job.Size > 1) SumOverRanks();
        var gradients = _groups.SelectMany(group => group.Gradients()).ToArray();
        if (gradients.Length == 0) throw new InvalidOperationException("no parameter has a gradient: call backward before Step");
        var norm = Norm(Array.ConvertAll(gradients, one => one.Gradient));
        Steps++;
        var step = new AdamWStep
        {
            LearningRate = learningRate, Beta1 = _options.Beta1, Beta2 = _options.Beta2,
            Epsilon = _options.Epsilon, WeightDecay = 0, Step = Steps,
        };
        if (!_onGpu && !float.IsFinite(norm.item<float>())) throw NotFinite(gradients);
        // max/(norm + 1e-6) where that is below 1, as PyTorch clips.
        var divisor = _options.MaxGradientNorm > 0 ? norm.Plus(1e-6).div(Number.Of(_options.MaxGradientNorm)).clamp_min(Number.Of(1)) : null;
        foreach (var group in _groups) group.Step(step, divisor);
        ClearGradients();
        return norm.MoveToOuterDisposeScope();
    }

    /// <summary>Forgets the gradients without a step.</summary>
    public void ClearGradients()
    {
        foreach (var group in _groups) group.ClearGradients();
    }

    /// <summary>Writes steps, moments and float32 weights as safetensors.</summary>
    public void Save(string path)
    {
        using var scope = NewDisposeScope();
        var state = State();
        state[StepKey] = tensor(Steps);
        StateFile.Save(path, state);
    }

    /// <summary>Reads what <see cref="Save"/> wrote for the same parameters; the model's narrow weights follow.</summary>
    public void Load(string path)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var loaded = StateFile.Load(path);
        if (!loaded.Remove(StepKey, out var steps)) throw new RlhfException($"{path}: not the state of an optimizer: it has no '{StepKey}'");
        var state = State();
        foreach (var (name, target) in state)
        {
            if (!loaded.Remove(name, out var source)) throw new RlhfException($"{path}: '{name}' is missing; the checkpoint belongs to another model");
            if (!source.shape.SequenceEqual(target.shape))
                throw new RlhfException($"{path}: '{name}' is [{string.Join(", ", source.shape)}], expected [{string.Join(", ", target.shape)}]; the checkpoint belongs to another model");
            target.copy_(source);
        }

        if (loaded.Count > 0) throw new RlhfException($"{path}: '{loaded.Keys.First()}' belongs to no parameter of this model");
        Steps = steps.item<long>();
        foreach (var group in _groups) group.CopyToModel();
    }

    public void Dispose()
    {
        foreach (var group in _groups) group.Dispose();
    }

    private void SumOverRanks()
    {
        foreach (var group in _groups) group.FillGradients();
        foreach (var (_, gradient) in _groups.SelectMany(group => group.Gradients())) Job.Sum(gradient);
    }

    private Dictionary<string, Tensor> State() => _groups.SelectMany(group => group.State()).ToDictionary(one => one.Name, one => one.Tensor, StringComparer.Ordinal);

    private static Tensor Norm(Tensor[] gradients) =>
        gradients.All(KernelRule.Serves) ? tensor((float)OptimizerStep.Norm(Array.ConvertAll(gradients, one => one.contiguous()))) : GradientNorm.Of(gradients);

    private static NotFiniteException NotFinite((string Name, Tensor Gradient)[] gradients)
    {
        var (name, _) = Array.Find(gradients, one => !one.Gradient.isfinite().all().item<bool>());
        return new NotFiniteException(name is null
            ? "the gradients are so large that their norm is infinite; lower the learning rate"
            : $"the gradient of {name} holds NaN or infinity; lower the learning rate, or look at the data of this step");
    }
}
