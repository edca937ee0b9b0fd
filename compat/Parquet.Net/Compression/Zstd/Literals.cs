using System.Buffers.Binary;

namespace Parquet.Compression.Zstd;

/// <summary>The bytes of a block that are not copies (RFC 8878, 3.1.1.3.1).</summary>
internal static class Literals
{
    /// <summary>Reads the literals section and passes over it; <paramref name="table"/> stays for later blocks.</summary>
    public static ReadOnlySpan<byte> Read(ref ReadOnlySpan<byte> input, Span<byte> buffer, ref HuffmanTable? table)
    {
        if (input.IsEmpty) throw Cut();
        return (input[0] & 3) switch
        {
            0 => Raw(ref input, buffer),
            1 => Repeated(ref input, buffer),
            2 => Packed(ref input, buffer, ref table, fresh: true),
            _ => Packed(ref input, buffer, ref table, fresh: false),
        };
    }

    private static ReadOnlySpan<byte> Raw(ref ReadOnlySpan<byte> input, Span<byte> buffer)
    {
        var size = Size(ref input, buffer.Length);
        if (size > input.Length) throw Cut();
        var literals = input[..size];
        input = input[size..];
        return literals;
    }

    private static Span<byte> Repeated(ref ReadOnlySpan<byte> input, Span<byte> buffer)
    {
        var size = Size(ref input, buffer.Length);
        if (input.IsEmpty) throw Cut();
        buffer[..size].Fill(input[0]);
        input = input[1..];
        return buffer[..size];
    }

    private static int Size(ref ReadOnlySpan<byte> input, int most)
    {
        var width = (input[0] >> 2 & 3) switch { 1 => 2, 3 => 3, _ => 1 };
        if (width > input.Length) throw Cut();
        var size = width switch
        {
            1 => input[0] >> 3,
            2 => BinaryPrimitives.ReadUInt16LittleEndian(input) >> 4,
            _ => (input[0] | input[1] << 8 | input[2] << 16) >> 4,
        };
        input = input[width..];
        return size <= most ? size : throw new ParquetException($"a Zstd block declares {size} literals, more than a block holds");
    }

    private static Span<byte> Packed(ref ReadOnlySpan<byte> input, Span<byte> buffer, ref HuffmanTable? table, bool fresh)
    {
        var format = input[0] >> 2 & 3;
        var (width, bits) = format switch { 2 => (4, 14), 3 => (5, 18), _ => (3, 10) };
        if (width > input.Length) throw Cut();
        ulong header = 0;
        for (var i = 0; i < width; i++) header |= (ulong)input[i] << (8 * i);
        var size = (int)(header >> 4 & (1UL << bits) - 1);
        var packed = (int)(header >> (4 + bits) & (1UL << bits) - 1);
        input = input[width..];
        if (packed > input.Length) throw Cut();
        if (size > buffer.Length) throw new ParquetException($"a Zstd block declares {size} literals, more than a block holds");

        var data = input[..packed];
        input = input[packed..];
        if (fresh) table = HuffmanTable.Read(ref data);
        if (table is null) throw new ParquetException("a Zstd block reuses a Huffman table where none came before");
        var output = buffer[..size];
        if (format == 0) table.Decode(data, output);
        else Four(data, output, table);
        return output;
    }

    /// <summary>Four streams of a quarter each; three lengths stand before them.</summary>
    private static void Four(ReadOnlySpan<byte> data, Span<byte> output, HuffmanTable table)
    {
        if (data.Length < 6) throw Cut();
        var quarter = (output.Length + 3) / 4;
        if (3 * quarter > output.Length) throw new ParquetException("a Zstd block has too few literals for four streams");
        var streams = data[6..];
        for (var i = 0; i < 3; i++)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(data[(2 * i)..]);
            if (length > streams.Length) throw Cut();
            table.Decode(streams[..length], output.Slice(i * quarter, quarter));
            streams = streams[length..];
        }

        table.Decode(streams, output[(3 * quarter)..]);
    }

    private static ParquetException Cut() => new("Zstd data ends inside the literals of a block");
}
