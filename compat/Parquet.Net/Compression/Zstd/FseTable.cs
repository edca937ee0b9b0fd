using System.Numerics;

namespace Parquet.Compression.Zstd;

/// <summary>A decoding table of finite-state entropy: each state gives a symbol, a number of bits, and a base for the next state (RFC 8878, 4.1.1).</summary>
internal sealed class FseTable
{
    private readonly byte[] symbols;
    private readonly byte[] bits;
    private readonly ushort[] bases;

    private FseTable(int log)
    {
        Log = log;
        (symbols, bits, bases) = (new byte[1 << log], new byte[1 << log], new ushort[1 << log]);
    }

    /// <summary>States are numbers of this many bits.</summary>
    public int Log { get; }

    public byte Symbol(uint state) => symbols[state];

    public uint Next(uint state, ref BackwardBits stream) => bases[state] + stream.Read(bits[state]);

    public int Bits(uint state) => bits[state];

    /// <summary>The table that gives one symbol and reads no bits.</summary>
    public static FseTable Single(byte symbol)
    {
        var table = new FseTable(0);
        table.symbols[0] = symbol;
        return table;
    }

    /// <summary>Builds the table of a distribution; -1 stands for a probability below one.</summary>
    public static FseTable Of(ReadOnlySpan<short> counts, int log)
    {
        var table = new FseTable(log);
        var size = 1 << log;
        var high = size;
        Span<ushort> next = stackalloc ushort[256];
        for (var symbol = 0; symbol < counts.Length; symbol++)
        {
            if (counts[symbol] == -1) table.symbols[--high] = (byte)symbol;
            next[symbol] = (ushort)Math.Abs(counts[symbol]);
        }

        var (position, step) = (0, (size >> 1) + (size >> 3) + 3);
        for (var symbol = 0; symbol < counts.Length; symbol++)
        {
            for (var i = 0; i < counts[symbol]; i++)
            {
                table.symbols[position] = (byte)symbol;
                do position = position + step & size - 1;
                while (position >= high);
            }
        }

        for (var state = 0; state < size; state++)
        {
            var value = next[table.symbols[state]]++;
            table.bits[state] = (byte)(log - BitOperations.Log2(value));
            table.bases[state] = (ushort)((value << table.bits[state]) - size);
        }

        return table;
    }

    /// <summary>Reads the description of a table and passes over its bytes.</summary>
    public static FseTable Read(ref ReadOnlySpan<byte> input, int mostLog, int mostSymbol)
    {
        var stream = new ForwardBits(input);
        var log = (int)stream.Read(4) + 5;
        if (log > mostLog) throw new ParquetException($"Zstd data holds a table of {log} bits, at most {mostLog} are allowed");
        Span<short> counts = stackalloc short[mostSymbol + 1];
        var (left, symbol) = ((1 << log) + 1, 0);
        while (left > 1)
        {
            if (symbol > mostSymbol) throw new ParquetException("Zstd data holds a table of too many symbols");
            var probability = Probability(ref stream, left);
            counts[symbol++] = (short)probability;
            left -= Math.Abs(probability);
            if (probability != 0) continue;
            // Two bits say how many further symbols have none; 3 says that two more bits follow.
            uint zeros;
            do
            {
                zeros = stream.Read(2);
                symbol += (int)zeros;
            }
            while (zeros == 3 && symbol <= mostSymbol);
        }

        if (left != 1 || symbol > mostSymbol + 1) throw new ParquetException("Zstd data holds a table whose probabilities do not add up");
        input = input[stream.BytesRead..];
        return Of(counts[..symbol], log);
    }

    // A value below `left` + 1 takes as many bits as the largest one, less one for the small ones.
    private static int Probability(ref ForwardBits stream, int left)
    {
        var width = BitOperations.Log2((uint)left) + 1;
        var threshold = (1u << width) - 1 - (uint)left;
        var value = stream.Peek(width);
        var low = value & (1u << width - 1) - 1;
        if (low < threshold)
        {
            stream.Read(width - 1);
            return (int)low - 1;
        }

        stream.Read(width);
        return (int)(value >= 1u << width - 1 ? value - threshold : value) - 1;
    }

    /// <summary>Reads bits from the start, lowest first.</summary>
    private ref struct ForwardBits(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> bytes = bytes;
        private int position;

        public readonly int BytesRead => (position + 7) / 8;

        public readonly uint Peek(int count)
        {
            uint value = 0;
            for (var i = 0; i < count && position + i < bytes.Length * 8; i++)
                value |= (uint)(bytes[position + i >> 3] >> (position + i & 7) & 1) << i;
            return value;
        }

        public uint Read(int count)
        {
            var value = Peek(count);
            position += count;
            return position <= bytes.Length * 8 ? value : throw new ParquetException("Zstd data ends inside a table");
        }
    }
}
