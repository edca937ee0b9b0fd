using System.Buffers.Binary;
using System.Numerics;

namespace Parquet.Compression.Zstd;

/// <summary>So many literals, then a copy of so many bytes from so far back.</summary>
internal readonly record struct Sequence(int Literals, int Length, int Offset);

/// <summary>Finds repetitions by chains of equal hashes; takes a match only when the next byte has no better one.</summary>
internal sealed class MatchFinder(int size)
{
    private const int MinMatch = 4;
    private const int HashBits = 16;
    private const int MostTries = 32;
    private const int GoodEnough = 128;
    private readonly int[] heads = NoPlaces(1 << HashBits);
    private readonly int[] earlier = new int[size];
    private int indexed;
    private int lastOffset = 1;

    /// <summary>The sequences of input[start..end]; what they leave over at the end are literals.</summary>
    public List<Sequence> Find(ReadOnlySpan<byte> input, int start, int end)
    {
        var sequences = new List<Sequence>();
        var literal = start;
        for (var position = start; position + MinMatch < end;)
        {
            var (length, offset) = Best(input, position, end);
            if (length == 0)
            {
                // The longer nothing matches, the larger the steps.
                position += 1 + (position - literal >> 8);
                continue;
            }

            while (length < GoodEnough && position + 1 + MinMatch < end)
            {
                var (longer, further) = Best(input, position + 1, end);
                if (Gain(longer, further) <= Gain(length, offset) + 4) break;
                (length, offset) = (longer, further);
                position++;
            }

            sequences.Add(new Sequence(position - literal, length, offset));
            lastOffset = offset;
            position += length;
            literal = position;
        }

        return sequences;
    }

    private (int Length, int Offset) Best(ReadOnlySpan<byte> input, int position, int end)
    {
        Index(input, position);
        var (best, bestOffset) = (0, 0);
        if (lastOffset <= position) Try(input, position, position - lastOffset, end, ref best, ref bestOffset);
        var candidate = earlier[position];
        for (var tries = MostTries; tries > 0 && candidate >= 0; tries--, candidate = earlier[candidate])
        {
            if (best >= GoodEnough) break;
            // A better match is longer, or as long and nearer: the byte behind the best one so far tells quickly.
            if (best > 0 && (position + best >= end || input[candidate + best] != input[position + best])) continue;
            Try(input, position, candidate, end, ref best, ref bestOffset);
        }

        return (best, bestOffset);
    }

    private void Try(ReadOnlySpan<byte> input, int position, int candidate, int end, ref int best, ref int bestOffset)
    {
        var length = Matches.Length(input, candidate, position, end);
        if (length < MinMatch || Gain(length, position - candidate) <= Gain(best, bestOffset)) return;
        (best, bestOffset) = (length, position - candidate);
    }

    /// <summary>Bits saved, roughly: each byte is worth four, an offset costs as many as it has, the last one none.</summary>
    private int Gain(int length, int offset) =>
        length == 0 ? 0 : 4 * length - (offset == lastOffset ? 0 : BitOperations.Log2((uint)offset + 1));

    private void Index(ReadOnlySpan<byte> input, int upTo)
    {
        for (; indexed <= upTo; indexed++)
        {
            ref var head = ref heads[BinaryPrimitives.ReadUInt32LittleEndian(input[indexed..]) * 0x9e3779b1 >> 32 - HashBits];
            earlier[indexed] = head;
            head = indexed;
        }
    }

    private static int[] NoPlaces(int count)
    {
        var places = new int[count];
        places.AsSpan().Fill(-1);
        return places;
    }
}
