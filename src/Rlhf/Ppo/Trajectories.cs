using Rlhf.Maths;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// What an update needs to know of a batch of episodes: which tokens are real and what was believed of them when they
/// were drawn. Tensors are [B,T]; a row is a run of real tokens from its start.
/// </summary>
public class Trajectories
{
    private readonly Device _device;

    /// <param name="lengths">Real tokens of each episode, at least one.</param>
    /// <param name="device">Where the tensors lie.</param>
    public Trajectories(int[] lengths, Device device)
    {
        Lengths = lengths;
        Width = lengths.Max();
        _device = device;
        using var scope = NewDisposeScope();
        Mask = (arange(Width, device: device).unsqueeze(0) < tensor(lengths, device: device).unsqueeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Tokens of each episode, on the host: indices are made from it without asking the device.</summary>
    public int[] Lengths { get; }

    /// <summary>T</summary>
    public int Width { get; }

    /// <summary>B</summary>
    public int Count => Lengths.Length;

    public int TokenCount => Lengths.Sum();

    /// <summary>[B,T] bool</summary>
    public Tensor Mask { get; }

    /// <summary>[B,T] ln π_old, 0 outside the mask</summary>
    public required Tensor LogProbs { get; init; }

    /// <summary>[B,T] V_old; null without a critic</summary>
    public Tensor? Values { get; init; }

    /// <summary>[B] value of the state behind a cut-off episode, 0 for one that ended; null for 0 everywhere</summary>
    public Tensor? Bootstrap { get; init; }

    /// <summary>[B,T] ln ρ; null without a reference</summary>
    public Tensor? ReferenceLogProbs { get; init; }

    /// <summary>[N] places of the real tokens of some rows in a flattened [B·T], row after row.</summary>
    public Tensor TokensOf(IReadOnlyList<int> rows)
    {
        var index = new long[rows.Sum(row => Lengths[row])];
        var next = 0;
        foreach (var row in rows)
            for (var t = 0; t < Lengths[row]; t++)
                index[next++] = (long)row * Width + t;
        return tensor(index, device: _device);
    }

    /// <summary>What an episode costs to go through the models: its tokens.</summary>
    public virtual int Cost(int row) => Lengths[row];

    /// <summary>Rows of numbers onto [B,width], padded with zeros.</summary>
    public static Tensor Table(IReadOnlyList<float[]> rows, int width, Device device)
    {
        var cells = new float[rows.Count * width];
        for (var i = 0; i < rows.Count; i++) rows[i].CopyTo(cells, i * width);
        return tensor(cells, [rows.Count, width], device: device);
    }

    /// <summary>[N] values of the real tokens of all rows, onto [B,T] with zeros for padding.</summary>
    public Tensor Spread(Tensor flat) =>
        zeros(Count * Width, dtype: flat.dtype, device: _device).scatter(0, TokensOf([.. Enumerable.Range(0, Count)]), flat)
            .reshape(Count, Width);

    /// <summary>[B] Σ of k1 over each episode's tokens.</summary>
    public Tensor SequenceKl() => Masked.RowSum(KlEstimators.K1(LogProbs, ReferenceLogProbs!), Mask);
}
