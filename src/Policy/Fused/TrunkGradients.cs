using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>Where the gradients of a trunk's weights are added up: with its parameters, or apart where adapters made a weight of others or a parameter is narrower than float32.</summary>
internal sealed unsafe class TrunkGradients
{
    private readonly Dictionary<Tensor, Tensor> _apart = new(ReferenceEqualityComparer.Instance);

    /// <summary>Of weights that are no parameters.</summary>
    public Tensor? OfMade(Tensor weight) => _apart.GetValueOrDefault(weight)?.to(weight.dtype);

    /// <summary>Adds what was summed apart to the gradients of parameters.</summary>
    public void Finish()
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (weight, sum) in _apart.Where(pair => pair.Key.is_leaf)) weight.grad = (weight.grad is { } present ? present.Plus(sum) : sum).to(weight.dtype);
    }

    /// <summary>Where a weight's gradient is added to; none where it does not learn.</summary>
    public GradientTarget Of(Tensor? weight)
    {
        if (weight is null || !weight.requires_grad) return default;
        if (!weight.is_leaf || weight.dtype != ScalarType.Float32)
        {
            var known = _apart.TryGetValue(weight, out var apart);
            if (!known) _apart.Add(weight, apart = empty(weight.shape, ScalarType.Float32, CPU));
            return new GradientTarget(apart!, !known);
        }

        // The weight holds its gradient; an object of ours that did so too would keep the memory until a garbage collection.
        using var present = weight.grad;
        if (present is not null && present.is_contiguous()) return new GradientTarget(present, false);
        using var gradient = present?.contiguous() ?? empty(weight.shape, ScalarType.Float32, CPU);
        weight.grad = gradient;
        return new GradientTarget(gradient, present is null);
    }
}

/// <summary>The numbers of a gradient.</summary>
internal readonly unsafe struct GradientTarget
{
    public GradientTarget(Tensor tensor, bool isFresh) => (Data, Count, IsFresh) = ((nint)tensor.Floats(), tensor.numel(), isFresh);

    /// <summary>A pointer; 0 where there is none.</summary>
    public nint Data { get; }

    public long Count { get; }

    /// <summary>Whether the numbers are not set to anything yet: whoever adds the first sets them to 0 before.</summary>
    public bool IsFresh { get; }

    public float* Floats => (float*)Data;

    public void ClearIfFresh()
    {
        if (IsFresh) System.Runtime.InteropServices.NativeMemory.Clear(Floats, (nuint)Count * sizeof(float));
    }
}
