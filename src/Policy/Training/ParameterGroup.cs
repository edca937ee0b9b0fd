using Rlhf.Foundation.Torch;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Training;

/// <summary>
/// Parameters that share weight decay and type, with their moments. Where a model computes in a narrower type, the
/// weights that learn are float32 copies, and the model's own receive each new value.
/// </summary>
internal sealed class ParameterGroup : IDisposable
{
    private readonly (string Name, Parameter Parameter)[] _parameters;
    private readonly Tensor[] _weights;
    private readonly Tensor[] _first;
    private readonly Tensor[] _second;
    private readonly double _weightDecay;

    public ParameterGroup(IEnumerable<(string Name, Parameter Parameter)> parameters, double weightDecay)
    {
        _parameters = [.. parameters];
        _weightDecay = weightDecay;
        IsNarrow = _parameters[0].Parameter.dtype != ScalarType.Float32;
        using var quiet = no_grad();
        _weights = Array.ConvertAll(_parameters, one => IsNarrow ? one.Parameter.to(ScalarType.Float32).DetachFromDisposeScope() : one.Parameter);
        _first = Array.ConvertAll(_weights, weight => zeros_like(weight).DetachFromDisposeScope());
        _second = Array.ConvertAll(_weights, weight => zeros_like(weight).DetachFromDisposeScope());
    }

    public bool IsNarrow { get; }

    public IReadOnlyList<Parameter> Parameters => [.. _parameters.Select(one => one.Parameter)];

    public IEnumerable<(string Name, Tensor Gradient)> Gradients()
    {
        foreach (var (name, parameter) in _parameters)
        {
            if (parameter.grad is { } gradient) yield return (name, gradient);
        }
    }

    /// <summary>A gradient of 0 for each parameter that has one on another rank: this process had no part of the batch that reaches it.</summary>
    public void FillGradients(ReadOnlySpan<bool> reached)
    {
        for (var i = 0; i < _parameters.Length; i++)
        {
            if (!reached[i]) continue;
            using var present = _parameters[i].Parameter.grad;
            if (present is not null) continue;
            using var nothing = zeros_like(_parameters[i].Parameter);
            _parameters[i].Parameter.grad = nothing;
        }
    }

    /// <summary>Steps the parameters that have a gradient.</summary>
    /// <param name="step">numbers of the step</param>
    /// <param name="divisor">[1], what gradients are divided by first; null: nothing</param>
    public void Step(AdamWStep step, Tensor? divisor)
    {
        var present = Enumerable.Range(0, _parameters.Length).Where(i => _parameters[i].Parameter.grad is not null).ToArray();
        if (present.Length == 0) return;
        Tensor[] Of(Tensor[] all) => Array.ConvertAll(present, i => all[i]);
        var (weights, gradients) = (Of(_weights), Array.ConvertAll(present, i => _parameters[i].Parameter.grad!));
        step = step with { WeightDecay = _weightDecay };
        if (KernelRule.Serves(weights[0])) OptimizerStep.AdamW(Numbers(step, divisor), weights, Of(_first), Of(_second), Array.ConvertAll(gradients, one => one.to(ScalarType.Float32).contiguous()));
        else FusedAdamW.Step(weights, Of(_first), Of(_second), gradients, divisor, step);
        if (IsNarrow) FusedAdamW.Copy(Array.ConvertAll(present, i => (Tensor)_parameters[i].Parameter), weights);
        else TensorMemory.NoteChange(weights);
    }

    public void ClearGradients()
    {
        foreach (var (_, parameter) in _parameters) parameter.grad = null;
    }

    public static Kernels.AdamW Numbers(AdamWStep step, Tensor? divisor) => new(
        GradientScale: divisor is null ? 1 : 1 / divisor.item<float>(), (float)step.Beta1, (float)step.Beta2, Kept: (float)(1 - step.LearningRate * step.WeightDecay),
        Length: (float)(step.LearningRate / (1 - Math.Pow(step.Beta1, step.Step))), Root: (float)(1 / Math.Sqrt(1 - Math.Pow(step.Beta2, step.Step))), (float)step.Epsilon);

    /// <summary>Everything that a resumed run needs, by name.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State()
    {
        for (var i = 0; i < _parameters.Length; i++)
        {
            yield return ($"first.{_parameters[i].Name}", _first[i]);
            yield return ($"second.{_parameters[i].Name}", _second[i]);
            if (IsNarrow) yield return ($"weight.{_parameters[i].Name}", _weights[i]);
        }
    }

    /// <summary>Makes the model's own weights those that learn, after these were read.</summary>
    public void CopyToModel()
    {
        if (!IsNarrow) return;
        for (var i = 0; i < _weights.Length; i++) _parameters[i].Parameter.copy_(_weights[i]);
    }

    public void Dispose()
    {
        foreach (var moment in _first.Concat(_second)) moment.Dispose();
        if (!IsNarrow) return;
        foreach (var weight in _weights) weight.Dispose();
    }
}
