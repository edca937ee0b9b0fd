using System.Numerics;

namespace Parquet.Compression.Zstd;

/// <summary>The encoding side of a distribution: symbols go in last to first, states are numbers from 2^log on (RFC 8878, 4.1).</summary>
internal sealed class FseEncoder
{
    private readonly int size;
    private readonly short[] counts;
    private readonly int[] starts;
    private readonly ushort[] states;

    private FseEncoder(short[] counts, int log)
    {
        (this.counts, Log, size) = (counts, log, 1 << log);
        starts = new int[counts.Length];
        for (var symbol = 1; symbol < counts.Length; symbol++) starts[symbol] = starts[symbol - 1] + Math.Abs(counts[symbol - 1]);
        // The k-th state that decodes to a symbol, in the order the decoder numbers them.
        states = new ushort[size];
        var next = (int[])starts.Clone();
        var decoder = FseTable.Of(counts, log);
        for (var state = 0; state < size; state++) states[next[decoder.Symbol((uint)state)]++] = (ushort)(size + state);
    }

    public int Log { get; }

    public static FseEncoder Of(ReadOnlySpan<short> counts, int log) => new(counts.ToArray(), log);

    /// <summary>A distribution that fits how often symbols occur; at least two of them must.</summary>
    public static FseEncoder Fit(ReadOnlySpan<int> occurrences, int mostLog)
    {
        var last = occurrences.LastIndexOfAnyExcept(0);
        long total = 0;
        foreach (var count in occurrences) total += count;
        var distinct = occurrences.Length - occurrences.Count(0);
        // A finer table than the symbols can fill costs more to describe than it gains.
        var log = Math.Clamp(BitOperations.Log2((uint)total) - 2, Math.Max(5, BitOperations.Log2((uint)distinct) + 1), mostLog);
        var counts = new short[last + 1];
        var left = 1 << log;
        for (var symbol = 0; symbol <= last; symbol++)
        {
            if (occurrences[symbol] == 0) continue;
            counts[symbol] = (short)Math.Max(1, occurrences[symbol] * (1L << log) / total);
            left -= counts[symbol];
        }

        // What rounding left over goes to the most frequent symbols, or comes from them.
        while (left != 0)
        {
            var most = counts.AsSpan().IndexOf(counts.Max());
            var change = left > 0 ? left : -Math.Min(-left, Math.Max(1, counts[most] / 4));
            counts[most] = (short)(counts[most] + change);
            left -= change;
        }

        return new FseEncoder(counts, log);
    }

    /// <summary>The state to begin with: the decoder ends in it, having this symbol.</summary>
    public int Begin(int symbol) => states[starts[symbol]];

    /// <summary>Adds a symbol before those encoded so far.</summary>
    public int Add(int state, int symbol, BitWriter output)
    {
        int count = Math.Abs(counts[symbol]);
        // As many bits go out as bring the state into the symbol's range, count … 2·count - 1.
        var bits = BitOperations.Log2((uint)state / (uint)count);
        output.Write((uint)state & (1u << bits) - 1, bits);
        return states[starts[symbol] + (state >> bits) - count];
    }

    /// <summary>Writes the state that the decoder begins with.</summary>
    public void End(int state, BitWriter output) => output.Write((uint)(state - size), Log);

    /// <summary>The description that <see cref="FseTable.Read"/> reads.</summary>
    public void Describe(List<byte> output)
    {
        var bits = new BitWriter();
        bits.Write((uint)Log - 5, 4);
        var left = size + 1;
        for (var symbol = 0; left > 1; symbol++)
        {
            var width = BitOperations.Log2((uint)left) + 1;
            var threshold = (1u << width) - 1 - (uint)left;
            var value = (uint)(counts[symbol] + 1);
            if (value < threshold) bits.Write(value, width - 1);
            else bits.Write(value < 1u << width - 1 ? value : value + threshold, width);
            left -= Math.Abs(counts[symbol]);
            if (counts[symbol] != 0) continue;
            var zeros = counts.AsSpan(symbol + 1).IndexOfAnyExcept((short)0);
            symbol += zeros;
            for (; zeros >= 3; zeros -= 3) bits.Write(3, 2);
            bits.Write((uint)zeros, 2);
        }

        output.AddRange(bits.Pad());
    }
}
