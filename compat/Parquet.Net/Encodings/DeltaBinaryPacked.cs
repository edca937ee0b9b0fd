using System.Numerics;

namespace Parquet.Encodings;

/// <summary>
/// Reads DELTA_BINARY_PACKED: the first value, then blocks of differences above the block's smallest one, packed in
/// miniblocks of their own bit widths.
/// </summary>
internal static class DeltaBinaryPacked
{
    private const int MostBlock = 1 << 20;

    /// <summary>Reads as many values as there is room for and says how many bytes they took.</summary>
    public static int Read<T>(ReadOnlySpan<byte> bytes, Span<T> values) where T : struct, IBinaryInteger<T>
    {
        var position = 0;
        var block = Varint(bytes, ref position);
        var miniblocks = Varint(bytes, ref position);
        var total = Varint(bytes, ref position);
        var current = ZigZag(bytes, ref position);
        if (block is 0 or > MostBlock || miniblocks == 0 || block % miniblocks != 0 || block / miniblocks % 8 != 0)
            throw new ParquetException($"differences in blocks of {block} values and {miniblocks} miniblocks were declared");
        if (total != (ulong)values.Length) throw new ParquetException($"{total} differences are declared for {values.Length} values");
        if (values.IsEmpty) return position;

        values[0] = T.CreateTruncating(current);
        var perMiniblock = (int)(block / miniblocks);
        for (var done = 1; done < values.Length;)
        {
            var smallest = ZigZag(bytes, ref position);
            if (miniblocks > (ulong)(bytes.Length - position)) throw Cut();
            var widths = bytes.Slice(position, (int)miniblocks);
            position += (int)miniblocks;
            for (var mini = 0; mini < widths.Length && done < values.Length; mini++)
            {
                var width = widths[mini];
                if (width > 64) throw new ParquetException($"differences of {width} bits were declared");
                var size = (long)perMiniblock * width / 8;
                var count = Math.Min(perMiniblock, values.Length - done);
                // Some writers leave out the padding of the last miniblock.
                if (((long)count * width + 7) / 8 > bytes.Length - position) throw Cut();
                for (var i = 0; i < count; i++, done++)
                {
                    current = unchecked(current + smallest + (long)BitUnpacker.Read(bytes[position..], (long)i * width, width));
                    values[done] = T.CreateTruncating(current);
                }

                position = (int)Math.Min(bytes.Length, position + size);
            }
        }

        return position;
    }

    private static long ZigZag(ReadOnlySpan<byte> bytes, ref int position)
    {
        var value = Varint(bytes, ref position);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int position)
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (position == bytes.Length) throw Cut();
            var part = bytes[position++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }

        throw new ParquetException("differences hold an integer of more than ten bytes");
    }

    private static ParquetException Cut() => new("differences end early");
}
