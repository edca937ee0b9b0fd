using Rlhf.Policies.Randomness;
namespace Rlhf.Policies.Training;

/// <summary>
/// Which items each step trains on: every epoch all of them, shuffled, with items of similar length together so that
/// padding costs little. The batch of a step follows from the seed and the step alone.
/// </summary>
internal sealed class BatchOrder
{
    /// <summary>Lengths are sorted among so many batches at a time: enough to pair up, few enough to stay random.</summary>
    private const int BatchesPerWindow = 32;

    private readonly IReadOnlyList<int> _lengths;
    private readonly int _batchSize;
    private readonly ulong _seed;
    private int[][] _batches = [];
    private long _epoch = -1;

    /// <param name="lengths">One per item.</param>
    public BatchOrder(IReadOnlyList<int> lengths, int batchSize, ulong seed)
    {
        if (lengths.Count == 0) throw new ArgumentException("there is nothing to make batches of", nameof(lengths));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        (_lengths, _batchSize, _seed) = (lengths, batchSize, seed);
    }

    /// <summary>The last batch of an epoch holds what is left.</summary>
    public int BatchesPerEpoch => (_lengths.Count + _batchSize - 1) / _batchSize;

    /// <summary>The items of a step; steps count from 0.</summary>
    public IReadOnlyList<int> At(long step)
    {
        var (epoch, index) = Math.DivRem(step, BatchesPerEpoch);
        if (epoch != _epoch) (_batches, _epoch) = (Epoch(epoch), epoch);
        return _batches[index];
    }

    private int[][] Epoch(long epoch)
    {
        var order = CounterShuffle.Permutation(_lengths.Count, _seed, epoch);
        var window = BatchesPerWindow * _batchSize;
        for (var start = 0; start < order.Length; start += window)
        {
            var part = order.AsSpan(start, Math.Min(window, order.Length - start));
            // The place in the shuffle breaks ties: the sort has to be stable for the order to be random.
            var keys = new long[part.Length];
            for (var i = 0; i < part.Length; i++) keys[i] = ((long)_lengths[part[i]] << 32) + i;
            keys.AsSpan().Sort(part);
        }

        var batches = order.Chunk(_batchSize).ToArray();
        CounterShuffle.Shuffle(batches.AsSpan(), CounterShuffle.Key(_seed, epoch, 1));
        return batches;
    }
}
