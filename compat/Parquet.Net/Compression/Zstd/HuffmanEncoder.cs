using System.Buffers.Binary;

namespace Parquet.Compression.Zstd;

/// <summary>Packs literals with a Huffman code of their own (RFC 8878, 4.2).</summary>
internal sealed class HuffmanEncoder
{
    private const int MostBits = 11;
    private const int MostWeightLog = 6;
    private readonly int[] lengths;
    private readonly uint[] codes = new uint[256];
    private readonly int longest;

    private HuffmanEncoder(int[] lengths)
    {
        this.lengths = lengths;
        longest = lengths.Max();
        // The decoder numbers codes from the longest to the shortest, and by symbol among equals.
        var position = 0u;
        for (var length = longest; length > 0; length--)
        {
            for (var symbol = 0; symbol < 256; symbol++)
            {
                if (lengths[symbol] != length) continue;
                codes[symbol] = position >> longest - length;
                position += 1u << longest - length;
            }
        }
    }

    /// <summary>The code for these literals, in which at least two symbols occur.</summary>
    public static HuffmanEncoder Of(ReadOnlySpan<byte> literals)
    {
        var occurrences = new int[256];
        foreach (var literal in literals) occurrences[literal]++;
        return new HuffmanEncoder(Limit(Lengths(occurrences), occurrences));
    }

    /// <summary>The description of the code, or null where it cannot be described in the format.</summary>
    public List<byte>? Describe()
    {
        // The last weight follows from the others.
        var last = lengths.AsSpan().LastIndexOfAnyExcept(0);
        var weights = new byte[last];
        for (var symbol = 0; symbol < last; symbol++) weights[symbol] = (byte)(lengths[symbol] == 0 ? 0 : longest + 1 - lengths[symbol]);
        var packed = weights.AsSpan().ContainsAnyExcept(weights[0]) && last > 2 ? Pack(weights) : null;
        if (packed is { Count: < 128 } && (last > 128 || packed.Count < (last + 1) / 2)) return [(byte)packed.Count, .. packed];
        if (last > 128) return null;
        List<byte> plain = [(byte)(127 + last)];
        for (var i = 0; i < last; i += 2) plain.Add((byte)(weights[i] << 4 | (i + 1 < last ? weights[i + 1] : 0)));
        return plain;
    }

    /// <summary>Four streams of a quarter each behind their lengths, or one.</summary>
    public byte[] Encode(ReadOnlySpan<byte> literals, bool asFour)
    {
        if (!asFour) return Stream(literals).ToArray();
        var quarter = (literals.Length + 3) / 4;
        var output = new List<byte>(new byte[6]);
        for (var i = 0; i < 4; i++)
        {
            var stream = Stream(literals[(i * quarter)..Math.Min(literals.Length, (i + 1) * quarter)]);
            if (i < 3) BinaryPrimitives.WriteUInt16LittleEndian(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(output)[(2 * i)..], (ushort)stream.Length);
            output.AddRange(stream);
        }

        return [.. output];
    }

    private ReadOnlySpan<byte> Stream(ReadOnlySpan<byte> literals)
    {
        var bits = new BitWriter();
        for (var i = literals.Length - 1; i >= 0; i--) bits.Write(codes[literals[i]], lengths[literals[i]]);
        return bits.Mark();
    }

    private static List<byte> Pack(byte[] weights)
    {
        var occurrences = new int[MostBits + 2];
        foreach (var weight in weights) occurrences[weight]++;
        var encoder = FseEncoder.Fit(occurrences, MostWeightLog);
        var output = new List<byte>();
        encoder.Describe(output);
        // Two states take turns; the last two symbols are where they begin.
        var bits = new BitWriter();
        var states = new int[2];
        for (var i = weights.Length - 1; i >= 0; i--)
            states[i & 1] = i >= weights.Length - 2 ? encoder.Begin(weights[i]) : encoder.Add(states[i & 1], weights[i], bits);
        encoder.End(states[1], bits);
        encoder.End(states[0], bits);
        output.AddRange(bits.Mark());
        return output;
    }

    /// <summary>Huffman's lengths: the two rarest nodes become one until one is left.</summary>
    private static int[] Lengths(int[] occurrences)
    {
        var parents = new int[512];
        var queue = new PriorityQueue<int, (long, int)>();
        var next = 256;
        for (var symbol = 0; symbol < 256; symbol++)
            if (occurrences[symbol] > 0) queue.Enqueue(symbol, (occurrences[symbol], symbol));
        while (queue.TryDequeue(out var left, out var leftWeight) && queue.TryDequeue(out var right, out var rightWeight))
        {
            parents[left] = parents[right] = next;
            queue.Enqueue(next, (leftWeight.Item1 + rightWeight.Item1, next));
            next++;
        }

        var lengths = new int[256];
        for (var symbol = 0; symbol < 256; symbol++)
            for (var node = symbol; occurrences[symbol] > 0 && node != next - 1; node = parents[node]) lengths[symbol]++;
        return lengths;
    }

    /// <summary>Shortens the longest codes to 11 bits and pays with others, rarest first, so that the code stays complete.</summary>
    private static int[] Limit(int[] lengths, int[] occurrences)
    {
        if (lengths.Max() <= MostBits) return lengths;
        var byRarity = Enumerable.Range(0, 256).Where(symbol => lengths[symbol] > 0).OrderBy(symbol => occurrences[symbol]).ThenBy(symbol => symbol).ToArray();
        foreach (var symbol in byRarity) lengths[symbol] = Math.Min(lengths[symbol], MostBits);
        // Kraft's sum in units of the longest code: it must be exactly 2^11.
        var excess = byRarity.Sum(symbol => 1 << MostBits - lengths[symbol]) - (1 << MostBits);
        while (excess > 0)
        {
            var symbol = byRarity.Where(one => lengths[one] < MostBits).MaxBy(one => lengths[one]);
            lengths[symbol]++;
            excess -= 1 << MostBits - lengths[symbol];
        }

        foreach (var symbol in byRarity.Reverse())
        {
            for (; lengths[symbol] > 1 && 1 << MostBits - lengths[symbol] <= -excess; lengths[symbol]--) excess += 1 << MostBits - lengths[symbol];
        }

        return lengths;
    }
}
