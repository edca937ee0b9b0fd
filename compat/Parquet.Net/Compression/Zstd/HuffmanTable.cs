using System.Numerics;

namespace Parquet.Compression.Zstd;

/// <summary>A decoding table of Huffman codes up to 11 bits: each pattern of bits gives a symbol and the length of its code (RFC 8878, 4.2.1).</summary>
internal sealed class HuffmanTable
{
    private const int MostBits = 11;
    private readonly byte[] symbols;
    private readonly byte[] lengths;
    private readonly int log;

    private HuffmanTable(int log) => (this.log, symbols, lengths) = (log, new byte[1 << log], new byte[1 << log]);

    /// <summary>Reads the description of a table and passes over its bytes.</summary>
    public static HuffmanTable Read(ref ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty) throw Cut();
        Span<byte> weights = stackalloc byte[256];
        int header = input[0];
        input = input[1..];
        int count;
        if (header >= 128)
        {
            count = header - 127;
            if ((count + 1) / 2 > input.Length) throw Cut();
            for (var i = 0; i < count; i++) weights[i] = (byte)((i & 1) == 0 ? input[i / 2] >> 4 : input[i / 2] & 15);
            input = input[((count + 1) / 2)..];
        }
        else
        {
            if (header > input.Length) throw Cut();
            count = Weights(input[..header], weights);
            input = input[header..];
        }

        return Build(weights, count);
    }

    /// <summary>Unpacks one stream of codes, which must end exactly with the output.</summary>
    public void Decode(ReadOnlySpan<byte> input, Span<byte> output)
    {
        var stream = new BackwardBits(input);
        for (var i = 0; i < output.Length; i++)
        {
            var pattern = stream.Peek(log);
            output[i] = symbols[pattern];
            stream.Skip(lengths[pattern]);
        }

        if (stream.Left != 0) throw new ParquetException("Zstd literals do not end with their bit stream");
    }

    /// <summary>The weights themselves are packed: two states take turns on one stream until it is used up.</summary>
    private static int Weights(ReadOnlySpan<byte> input, Span<byte> weights)
    {
        var table = FseTable.Read(ref input, mostLog: 6, mostSymbol: 255);
        var stream = new BackwardBits(input);
        var (first, second) = (stream.Read(table.Log), stream.Read(table.Log));
        if (stream.Left < 0) throw Cut();
        for (var count = 0; count < 254;)
        {
            weights[count++] = table.Symbol(first);
            first = table.Next(first, ref stream);
            if (stream.Left < 0)
            {
                weights[count++] = table.Symbol(second);
                return count;
            }

            (first, second) = (second, first);
        }

        throw new ParquetException("Zstd data holds a Huffman table of too many symbols");
    }

    private static HuffmanTable Build(Span<byte> weights, int count)
    {
        var sum = 0u;
        foreach (var weight in weights[..count])
        {
            if (weight > MostBits) throw new ParquetException($"Zstd data holds a Huffman weight of {weight}");
            sum += 1u << weight >> 1;
        }

        // The last symbol's weight is not written: it fills the sum up to a power of two.
        if (sum == 0) throw new ParquetException("Zstd data holds an empty Huffman table");
        var log = BitOperations.Log2(sum) + 1;
        var rest = (1u << log) - sum;
        if (log > MostBits || !BitOperations.IsPow2(rest)) throw new ParquetException("Zstd data holds a Huffman table whose weights do not add up");
        weights[count++] = (byte)(BitOperations.Log2(rest) + 1);

        var table = new HuffmanTable(log);
        var position = 0;
        for (var weight = 1; weight <= log; weight++)
        {
            for (var symbol = 0; symbol < count; symbol++)
            {
                if (weights[symbol] != weight) continue;
                var span = 1 << weight - 1;
                table.symbols.AsSpan(position, span).Fill((byte)symbol);
                table.lengths.AsSpan(position, span).Fill((byte)(log + 1 - weight));
                position += span;
            }
        }

        return table;
    }

    private static ParquetException Cut() => new("Zstd data ends inside a Huffman table");
}
