using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Parquet.Compression.Zstd;

/// <summary>Packs a Zstandard frame (RFC 8878) with its size and checksum; about as small as the reference at its default level.</summary>
internal static class ZstdEncoder
{
    private const int BlockSize = 128 << 10;

    public static byte[] Encode(ReadOnlySpan<byte> input)
    {
        var output = new List<byte>(64 + input.Length / 2);
        output.AddRange([0x28, 0xb5, 0x2f, 0xfd, 0xa4]); // magic; one segment, four bytes of size, checksum
        Add32((uint)input.Length, output);
        var finder = new MatchFinder(input.Length);
        var sequences = new SequenceEncoder();
        for (var start = 0; start < input.Length || start == 0; start += BlockSize)
        {
            var end = Math.Min(input.Length, start + BlockSize);
            Block(input, start, end, finder, ref sequences, output);
        }

        Add32((uint)XxHash64.Of(input), output);
        return [.. output];
    }

    private static void Block(ReadOnlySpan<byte> input, int start, int end, MatchFinder finder, ref SequenceEncoder sequences, List<byte> output)
    {
        var isLast = end == input.Length ? 1 : 0;
        var before = sequences.Copy();
        var packed = Compressed(input, start, end, finder, sequences);
        if (packed.Count < end - start)
        {
            Add24(packed.Count << 3 | 2 << 1 | isLast, output);
            output.AddRange(packed);
            return;
        }

        // Raw: the decoder sees no sequences, so their offsets must be forgotten here too.
        sequences = before;
        Add24(end - start << 3 | isLast, output);
        output.AddRange(input[start..end]);
    }

    private static List<byte> Compressed(ReadOnlySpan<byte> input, int start, int end, MatchFinder finder, SequenceEncoder encoder)
    {
        var output = new List<byte>();
        var sequences = finder.Find(input, start, end);
        var literals = new List<byte>();
        var position = start;
        foreach (var sequence in sequences)
        {
            literals.AddRange(input.Slice(position, sequence.Literals));
            position += sequence.Literals + sequence.Length;
        }

        literals.AddRange(input[position..end]);
        Literals(CollectionsMarshal.AsSpan(literals), output);
        encoder.Encode(sequences, output);
        return output;
    }

    private static void Literals(ReadOnlySpan<byte> literals, List<byte> output)
    {
        if (literals.Length >= 32)
        {
            if (!literals.ContainsAnyExcept(literals[0]))
            {
                Plain(1, literals.Length, output);
                output.Add(literals[0]);
                return;
            }

            var asFour = literals.Length >= 256;
            var encoder = HuffmanEncoder.Of(literals);
            if (encoder.Describe() is { } description)
            {
                var streams = encoder.Encode(literals, asFour);
                var size = description.Count + streams.Length;
                if (size < literals.Length)
                {
                    Packed(literals.Length, size, asFour, output);
                    output.AddRange(description);
                    output.AddRange(streams);
                    return;
                }
            }
        }

        Plain(0, literals.Length, output);
        output.AddRange(literals);
    }

    /// <summary>The header of raw or repeated literals.</summary>
    private static void Plain(int type, int size, List<byte> output)
    {
        if (size < 32) output.Add((byte)(size << 3 | type));
        else if (size < 4096) output.AddRange([(byte)(size << 4 | 1 << 2 | type), (byte)(size >> 4)]);
        else Add24(size << 4 | 3 << 2 | type, output);
    }

    /// <summary>The header of packed literals.</summary>
    private static void Packed(int size, int packed, bool asFour, List<byte> output)
    {
        var (format, width, bytes) = !asFour ? (0, 10, 3) : size < 1024 ? (1, 10, 3) : size < 16384 ? (2, 14, 4) : (3, 18, 5);
        var header = 2UL | (ulong)format << 2 | (ulong)size << 4 | (ulong)packed << (4 + width);
        for (var i = 0; i < bytes; i++) output.Add((byte)(header >> (8 * i)));
    }

    private static void Add24(int value, List<byte> output) => output.AddRange([(byte)value, (byte)(value >> 8), (byte)(value >> 16)]);

    private static void Add32(uint value, List<byte> output)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        output.AddRange(bytes);
    }
}
