using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>A trunk's weights as its passes read them.</summary>
internal sealed unsafe class PackedTrunk : IDisposable
{
    private readonly NativeBuffer _norms;

    public PackedTrunk(TrunkShape shape)
    {
        Shape = shape;
        Layers = [.. Enumerable.Range(0, shape.Config.Layers).Select(_ => new PackedLayer(shape))];
        _norms = new NativeBuffer(2L * (2 * Layers.Count + 1) * NormSize);
    }

    public TrunkShape Shape { get; }

    public IReadOnlyList<PackedLayer> Layers { get; }

    /// <summary>The weights that were taken last.</summary>
    public TrunkWeights Weights { get; private set; } = null!;

    private int NormSize => Panels.Padded(Shape.Config.Width);

    /// <summary>Lays out what changed since the weights were taken last.</summary>
    public void Take(TrunkWeights weights, bool backward)
    {
        Weights = weights;
        var tasks = new List<PackTask>();
        foreach (var (layer, packed) in weights.Layers.Zip(Layers)) packed.Take(layer, backward, tasks);
        Threads.Share(tasks.Count, new PackTasks(tasks));
        for (var i = 0; i < Layers.Count; i++)
        {
            Layers[i].AttentionNorm = Norm(2 * i, weights.Layers[i].AttentionNorm);
            Layers[i].FeedForwardNorm = Norm(2 * i + 1, weights.Layers[i].FeedForwardNorm);
        }

        LastNorm = Norm(2 * Layers.Count, weights.Norm);
    }

    public Norm LastNorm { get; private set; }

    public void Dispose()
    {
        foreach (var layer in Layers) layer.Dispose();
        _norms.Dispose();
    }

    private Norm Norm(int index, NormWeights weights)
    {
        var at = _norms.Data + 2L * index * NormSize;
        Pack.Row(weights.Weight.Floats(), Shape.Width, at);
        if (weights.Bias is { } bias) Pack.Row(bias.Floats(), Shape.Width, at + NormSize);
        return new Norm(Shape.Config.Width, Shape.Config.NormEpsilon, at, weights.Bias is null ? null : at + NormSize);
    }
}

/// <summary>One layer of it.</summary>
internal sealed class PackedLayer(TrunkShape shape) : IDisposable
{
    public PackedProjection QueryKeyValue { get; } = new(shape.QueryKeyValue, shape.Width);

    public PackedProjection Output { get; } = new(shape.Width, shape.Mixed);

    public PackedProjection Up { get; } = new(shape.Up, shape.Width);

    public PackedProjection Down { get; } = new(shape.Width, shape.Hidden);

    public Norm AttentionNorm { get; set; }

    public Norm FeedForwardNorm { get; set; }

    public void Take(LayerWeights weights, bool backward, List<PackTask> tasks)
    {
        QueryKeyValue.Take(weights.QueryKeyValue, backward, tasks);
        Output.Take(weights.Output, backward, tasks);
        Up.Take(weights.Up, backward, tasks);
        Down.Take(weights.Down, backward, tasks);
    }

    public void Dispose()
    {
        QueryKeyValue.Dispose();
        Output.Dispose();
        Up.Dispose();
        Down.Dispose();
    }
}
