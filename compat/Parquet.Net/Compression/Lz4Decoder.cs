using System.Buffers.Binary;

namespace Parquet.Compression;

/// <summary>Unpacks LZ4's block format, bare (LZ4_RAW) or in Hadoop's frames (the older LZ4).</summary>
internal static class Lz4Decoder
{
    private const int MinMatch = 4;

    public static void Decode(ReadOnlySpan<byte> input, Span<byte> output)
    {
        var written = Block(input, output);
        if (written != output.Length) throw new ParquetException($"LZ4 data unpacks to {written} bytes, {output.Length} declared");
    }

    /// <summary>Hadoop's framing: pairs of big-endian lengths (unpacked, packed) before each block. Some writers left it out.</summary>
    public static void DecodeFramed(ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (IsFramed(input, output.Length))
        {
            for (; !input.IsEmpty; input = input[(8 + Packed(input))..])
            {
                var unpacked = BinaryPrimitives.ReadInt32BigEndian(input);
                Decode(input.Slice(8, Packed(input)), output[..unpacked]);
                output = output[unpacked..];
            }
        }
        else
        {
            Decode(input, output);
        }
    }

    private static bool IsFramed(ReadOnlySpan<byte> input, int size)
    {
        long total = 0;
        while (input.Length >= 8)
        {
            var (unpacked, packed) = (BinaryPrimitives.ReadUInt32BigEndian(input), BinaryPrimitives.ReadUInt32BigEndian(input[4..]));
            if (packed > input.Length - 8) return false;
            total += unpacked;
            input = input[(8 + (int)packed)..];
        }

        return input.IsEmpty && total == size;
    }

    private static int Packed(ReadOnlySpan<byte> input) => BinaryPrimitives.ReadInt32BigEndian(input[4..]);

    private static int Block(ReadOnlySpan<byte> input, Span<byte> output)
    {
        var (read, written) = (0, 0);
        while (read < input.Length)
        {
            var token = input[read++];
            var literal = Length(input, ref read, token >> 4);
            if (literal > input.Length - read) throw Cut();
            if (literal > output.Length - written) throw new ParquetException("LZ4 data unpacks to more than declared");
            input.Slice(read, (int)literal).CopyTo(output[written..]);
            read += (int)literal;
            written += (int)literal;
            if (read == input.Length) return written; // the last sequence has no match

            if (input.Length - read < 2) throw Cut();
            var offset = BinaryPrimitives.ReadUInt16LittleEndian(input[read..]);
            read += 2;
            var length = Length(input, ref read, token & 15) + MinMatch;
            Matches.Copy(output, written, offset, (int)Math.Min(length, int.MaxValue));
            written += (int)length;
        }

        return written;
    }

    private static long Length(ReadOnlySpan<byte> input, ref int read, int nibble)
    {
        long length = nibble;
        if (nibble < 15) return length;
        byte more;
        do
        {
            if (read == input.Length) throw Cut();
            more = input[read++];
            length += more;
        }
        while (more == 255);
        return length;
    }

    private static ParquetException Cut() => new("LZ4 data ends early");
}
