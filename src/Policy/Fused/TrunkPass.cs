using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>One pass of a batch through a trunk, and the way back.</summary>
internal sealed unsafe class TrunkPass : IDisposable
{
    private readonly PackedTrunk _trunk;
    private readonly TrunkWeights _weights;

    /// <param name="trunk">with the weights that the pass is to use</param>
    /// <param name="batch">the pass disposes it</param>
    /// <param name="keeping">whether there will be a way back</param>
    public TrunkPass(PackedTrunk trunk, RaggedBatch batch, Keeping keeping)
    {
        (_trunk, _weights, Batch, Keeping) = (trunk, trunk.Weights, batch, keeping);
        Memory = new TrunkMemory(trunk.Shape, batch, keeping);
    }

    public TrunkShape Shape => _trunk.Shape;

    public PackedTrunk Trunk => _trunk;

    public RaggedBatch Batch { get; }

    public Keeping Keeping { get; }

    public TrunkMemory Memory { get; }

    /// <summary>Where keys and values go, and come from for rows that do not begin at position 0; null: nowhere.</summary>
    public CacheTarget? Cache { get; init; }

    /// <summary>Weights that adapters made of others and that learn: gradients of them are given back, not added to anything.</summary>
    public IReadOnlyList<Tensor> MadeWeights => [.. _weights.Layers.SelectMany(layer => layer.Projections).Select(one => one.Weight).Where(weight => weight is { is_leaf: false, requires_grad: true })];

    /// <summary>Angles of positions [positions, half], which the pass disposes; null where nothing is turned.</summary>
    public (Tensor Cosines, Tensor Sines)? Angles { get; init; }

    /// <summary>Sequences that go through all layers together, where threads can share them; see <see cref="RaggedBatch.Groups"/>.</summary>
    public Extent[]? Groups() => Batch.Groups(Threads.Count, Trunk.IsNarrow ? 4 : 8);

    public bool IsLast(int layer) => layer == Memory.Layers.Length - 1;

    /// <summary>Whether a layer goes on with some of its rows alone behind attention.</summary>
    public bool Asks(int layer) => IsLast(layer) && !Batch.AsksAll;

    /// <summary>Hidden states [places, D] after the last norm; zeros for a place that has no row.</summary>
    public void Forward(Tensor hidden)
    {
        var stages = new ForwardStages(this);
        if (Batch.Rows > 0) ForwardSchedule.Run(this, stages);
        stages.Write(hidden.Floats());
    }

    /// <summary>Adds the gradients of all parameters that learn to theirs, and gives those of weights that were made of others.</summary>
    /// <param name="towards">of the hidden states</param>
    /// <param name="learns">what learns</param>
    public void Backward(Tensor towards, TrunkGradients learns)
    {
        // Another pass may have taken other weights meanwhile.
        _trunk.Take(_weights, backward: true);
        if (Batch.AskedCount == 0) return;
        var stages = new BackwardStages(this, towards.Floats(), learns);
        BackwardSchedule.Run(this, stages);
    }

    public void Dispose()
    {
        Memory.Dispose();
        Batch.Dispose();
        Angles?.Cosines.Dispose();
        Angles?.Sines.Dispose();
        foreach (var projection in _weights.Layers.SelectMany(layer => layer.Projections)) projection.Dispose();
    }
}
