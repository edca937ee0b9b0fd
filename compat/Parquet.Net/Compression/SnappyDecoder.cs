namespace Parquet.Compression;

/// <summary>
/// Unpacks Snappy's block format: the length as a varint, then literals and copies.
/// https://github.com/google/snappy/blob/main/format_description.txt
/// </summary>
internal static class SnappyDecoder
{
    public static void Decode(ReadOnlySpan<byte> input, Span<byte> output)
    {
        var declared = Length(ref input);
        if (declared != (ulong)output.Length) throw new ParquetException($"Snappy data declares {declared} bytes, the page {output.Length}");
        var (read, written) = (0, 0);
        while (read < input.Length)
        {
            var tag = input[read++];
            if ((tag & 3) == 0)
            {
                var literal = (long)(tag >> 2) + 1;
                if (literal > 60) literal = Number(input, ref read, (int)literal - 60) + 1;
                if (literal > input.Length - read) throw Cut();
                if (literal > output.Length - written) throw new ParquetException("Snappy data unpacks to more than declared");
                input.Slice(read, (int)literal).CopyTo(output[written..]);
                read += (int)literal;
                written += (int)literal;
                continue;
            }

            var (length, offset) = (tag & 3) switch
            {
                1 => ((tag >> 2 & 7) + 4, ((tag >> 5) << 8) + Number(input, ref read, 1)),
                2 => ((tag >> 2) + 1, Number(input, ref read, 2)),
                _ => ((tag >> 2) + 1, Number(input, ref read, 4)),
            };
            Matches.Copy(output, written, (int)Math.Min(offset, int.MaxValue), length);
            written += length;
        }

        if (written != output.Length) throw new ParquetException($"Snappy data unpacks to {written} bytes, {output.Length} declared");
    }

    private static ulong Length(ref ReadOnlySpan<byte> input)
    {
        ulong value = 0;
        for (var i = 0; i < Math.Min(5, input.Length); i++)
        {
            value |= (ulong)(input[i] & 0x7f) << (7 * i);
            if (input[i] >= 0x80) continue;
            input = input[(i + 1)..];
            return value;
        }

        throw Cut();
    }

    private static long Number(ReadOnlySpan<byte> input, ref int read, int width)
    {
        if (width > input.Length - read) throw Cut();
        long value = 0;
        for (var i = 0; i < width; i++) value |= (long)input[read++] << (8 * i);
        return value;
    }

    private static ParquetException Cut() => new("Snappy data ends early");
}
