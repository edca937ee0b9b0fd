using Rlhf.Foundation;
using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Operators;
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
    private readonly OptimizerOptions _options;
    private readonly IOptimizerState _state;
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
        var groups = trainable.GroupBy(one => (Decays: one.parameter.dim() > 1, one.parameter.dtype)).ToArray();
        double Decay(bool decays) => decays ? options.WeightDecay : 0;
        _state = options.Shard && Job.Size > 1
            ? new SpreadState([.. groups.Select(group => new SpreadGroup(group, Decay(group.Key.Decays), Job))], Job)
            : new WholeState([.. groups.Select(group => new ParameterGroup(group, Decay(group.Key.Decays)))], Job);
        _onGpu = trainable[0].parameter.device_type == DeviceType.CUDA;
    }

    /// <summary>The processes whose gradients add up; each goes through its part of a batch.</summary>
    public Collective Job { get; }

    /// <summary>Steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>
    /// Moves the parameters along their gradients, forgets these, and returns their norm before clipping (on the device).
    /// </summary>
    /// <exception cref="NotFiniteException">A gradient is not finite. On a GPU that would cost a wait; there <see cref="Read"/> tells.</exception>
    public Tensor Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var norm = _state.Collect() ?? throw new InvalidOperationException("no parameter has a gradient: call backward before Step");
        Steps++;
        var step = new AdamWStep
        {
            LearningRate = learningRate, Beta1 = _options.Beta1, Beta2 = _options.Beta2,
            Epsilon = _options.Epsilon, WeightDecay = 0, Step = Steps,
        };
        if (!_onGpu && !float.IsFinite(norm.item<float>())) throw NotFinite(_state.NotFinite());
        // max/(norm + 1e-6) where that is below 1, as PyTorch clips.
        var divisor = _options.MaxGradientNorm > 0 ? norm.Plus(1e-6).div(Number.Of(_options.MaxGradientNorm)).clamp_min(Number.Of(1)) : null;
        _state.Step(step, divisor);
        ClearGradients();
        return norm.MoveToOuterDisposeScope();
    }

    /// <summary>A norm that <see cref="Step"/> gave, on the host.</summary>
    /// <exception cref="NotFiniteException">It is not finite, so neither are the weights that the step left.</exception>
    public static double Read(Tensor norm)
    {
        var read = norm.item<float>();
        return float.IsFinite(read) ? read : throw NotFinite(float.IsNaN(read) ? "some weight" : null);
    }

    /// <summary>Forgets the gradients without a step.</summary>
    public void ClearGradients() => _state.ClearGradients();

    /// <summary>Writes steps, moments and float32 weights as safetensors. Where several ranks share them, the others <see cref="Assist"/> meanwhile.</summary>
    public void Save(string path)
    {
        using var quiet = no_grad();
        _state.Save(path, Steps);
    }

    /// <summary>What ranks other than 0 do while that saves.</summary>
    public void Assist() => _state.Assist();

    /// <summary>Reads what <see cref="Save"/> wrote for the same parameters, on any number of ranks; the model's narrow weights follow.</summary>
    public void Load(string path)
    {
        using var quiet = no_grad();
        Steps = _state.Load(path);
    }

    public void Dispose() => _state.Dispose();

    private static NotFiniteException NotFinite(string? name) => new(name is null
        ? "the gradients are so large that their norm is infinite; lower the learning rate"
        : $"the gradient of {name} holds NaN or infinity; lower the learning rate, or look at the data of this step");
}
