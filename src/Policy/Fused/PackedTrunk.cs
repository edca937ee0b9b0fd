using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>A trunk's weights as its passes read them.</summary>
internal sealed unsafe class PackedTrunk : IDisposable
{
    private readonly NativeBuffer _norms;

    /// <param name="shape">of the trunk</param>
    /// <param name="isNarrow">whether its weights are bfloat16</param>
    public PackedTrunk(TrunkShape shape, bool isNarrow)
    {
        (Shape, IsNarrow) = (shape, isNarrow);
        Layers = [.. Enumerable.Range(0, shape.Config.Layers).Select(_ => new PackedLayer(shape, isNarrow))];
        _norms = new NativeBuffer(2L * (2 * Layers.Count + 1) * NormSize);
    }

    public TrunkShape Shape { get; }

    public bool IsNarrow { get; }

    public IReadOnlyList<PackedLayer> Layers { get; }

    /// <summary>The weights that were taken last.</summary>
    public TrunkWeights Weights { get; private set; } = null!;

    private int NormSize => Panels.Padded(Shape.Config.Width);

    /// <summary>Lays out what changed since the weights were taken last.</summary>
    public void Take(TrunkWeights weights, bool backward)
    {
        Weights = weights;
        using var packing = new Packing();
        foreach (var (layer, packed) in weights.Layers.Zip(Layers)) packed.Take(layer, backward, packing);
        packing.Run();
        for (var i = 0; i < Layers.Count; i++)
        {
            Layers[i].AttentionNorm = Norm(2 * i, weights.Layers[i].AttentionNorm, packing);
            Layers[i].FeedForwardNorm = Norm(2 * i + 1, weights.Layers[i].FeedForwardNorm, packing);
        }

        LastNorm = Norm(2 * Layers.Count, weights.Norm, packing);
    }

    public Norm LastNorm { get; private set; }

    public void Dispose()
    {
        foreach (var layer in Layers) layer.Dispose();
        _norms.Dispose();
    }

    private Norm Norm(int index, NormWeights weights, Packing packing)
    {
        var at = _norms.Data + 2L * index * NormSize;
        Pack.Row(packing.Floats(weights.Weight), Shape.Width, at);
        if (weights.Bias is { } bias) Pack.Row(packing.Floats(bias), Shape.Width, at + NormSize);
        return new Norm(Shape.Config.Width, Shape.Config.NormEpsilon, at, weights.Bias is null ? null : at + NormSize);
    }
}

/// <summary>One layer of it.</summary>
internal sealed class PackedLayer(TrunkShape shape, bool isNarrow) : IDisposable
{
    public PackedProjection QueryKeyValue { get; } = new(shape.QueryKeyValue, shape.Width, isNarrow);

    public PackedProjection Output { get; } = new(shape.Width, shape.Mixed, isNarrow);

    public PackedProjection Up { get; } = new(shape.Up, shape.Width, isNarrow);

    public PackedProjection Down { get; } = new(shape.Width, shape.Hidden, isNarrow);

    public Norm AttentionNorm { get; set; }

    public Norm FeedForwardNorm { get; set; }

    public void Take(LayerWeights weights, bool backward, Packing packing)
    {
        QueryKeyValue.Take(weights.QueryKeyValue, backward, packing);
        Output.Take(weights.Output, backward, packing);
        Up.Take(weights.Up, backward, packing);
        Down.Take(weights.Down, backward, packing);
    }

    public void Dispose()
    {
        QueryKeyValue.Dispose();
        Output.Dispose();
        Up.Dispose();
        Down.Dispose();
    }
}
