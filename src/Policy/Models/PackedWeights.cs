using Rlhf.Policies.Accelerators;
using TorchSharp;

namespace Rlhf.Policies.Models;

/// <summary>
/// Keeps a model's matrices in the layout that products with few rows want, until disposed: token by token, laying a
/// matrix out costs more than multiplying with it. The weights must not change meanwhile.
/// </summary>
internal sealed class PackedWeights : IDisposable
{
    private readonly CausalLm _model;
    private readonly Projection[] _projections;

    public PackedWeights(CausalLm model)
    {
        _model = model;
        _projections = [.. model.Trunk.Projections().Select(one => one.Projection)];
        using var scope = torch.NewDisposeScope();
        foreach (var projection in _projections) projection.Packed = Accelerators.PackedWeight.Of(projection.WholeWeight());
        model.PackedHead = Accelerators.PackedWeight.Of(model.HeadWeight);
    }

    public void Dispose()
    {
        foreach (var projection in _projections)
        {
            projection.Packed?.Dispose();
            projection.Packed = null;
        }

        _model.PackedHead?.Dispose();
        _model.PackedHead = null;
    }
}
