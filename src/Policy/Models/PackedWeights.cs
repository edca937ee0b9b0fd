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
        _projections = [.. model.Trunk.Blocks.SelectMany(block => (Projection[])[block.Attention.QueryKeyValue, block.Attention.Output, block.FeedForward.Up, block.FeedForward.Down])];
        foreach (var projection in _projections) projection.Packed = Accelerators.PackedWeight.Of(projection.Weight);
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
