using System.Numerics;

namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>Which pair of ids merges at which rank, and into which id: an open-addressing table, half full at most.</summary>
internal sealed class MergeTable
{
    public const int NoRank = int.MaxValue;

    private const ulong Empty = ulong.MaxValue;
    private readonly ulong[] _pairs;
    private readonly int[] _ranks;
    private readonly int[] _merged;
    private readonly int _shift;

    public MergeTable(int capacity)
    {
        var size = BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, checked(capacity * 2)));
        _pairs = new ulong[size];
        _ranks = new int[size];
        _merged = new int[capacity];
        _shift = 64 - BitOperations.Log2(size);
        Array.Fill(_pairs, Empty);
    }

    /// <summary>The id that the merge of a rank makes.</summary>
    public int Merged(int rank) => _merged[rank];

    /// <summary>The rank at which two neighbours merge, or <see cref="NoRank"/>.</summary>
    public int Rank(int left, int right)
    {
        var pair = Pair(left, right);
        var slot = Slot(pair);
        while (_pairs[slot] != pair)
        {
            if (_pairs[slot] == Empty) return NoRank;
            slot = (slot + 1) & (_pairs.Length - 1);
        }

        return _ranks[slot];
    }

    public void Add(int left, int right, int rank, int merged)
    {
        var pair = Pair(left, right);
        var slot = Slot(pair);
        while (_pairs[slot] != Empty)
        {
            if (_pairs[slot] == pair) throw new ArgumentException($"The pair of ids ({left}, {right}) merges twice.", nameof(left));
            slot = (slot + 1) & (_pairs.Length - 1);
        }

        _pairs[slot] = pair;
        _ranks[slot] = rank;
        _merged[rank] = merged;
    }

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int Slot(ulong pair) => (int)((pair * 0x9E3779B97F4A7C15UL) >> _shift);
}
