using System.Buffers;
using System.Buffers.Binary;

namespace Parquet.Compression.Zstd;

/// <summary>Unpacks Zstandard frames (RFC 8878), in safe code: no length is believed before it is checked.</summary>
internal ref struct ZstdDecoder
{
    private const uint Magic = 0xfd2fb528;
    private const uint Skippable = 0x184d2a50;
    private const int MaxBlock = 128 << 10;

    private readonly Span<byte> output;
    private int written;

    // What a block may reuse from those before it.
    private HuffmanTable? huffman;
    private FseTable? literalTable;
    private FseTable? offsetTable;
    private FseTable? matchTable;
    private int offset1;
    private int offset2;
    private int offset3;

    private ZstdDecoder(Span<byte> output) => this.output = output;

    /// <summary>Unpacks all frames into <paramref name="output"/>, which they must fill.</summary>
    public static void Decode(ReadOnlySpan<byte> input, Span<byte> output)
    {
        while (!input.IsEmpty)
        {
            if (input.Length < 8) throw Cut();
            var magic = BinaryPrimitives.ReadUInt32LittleEndian(input);
            if ((magic & ~15u) == Skippable)
            {
                var length = BinaryPrimitives.ReadUInt32LittleEndian(input[4..]);
                if (length > input.Length - 8) throw Cut();
                input = input[(8 + (int)length)..];
                continue;
            }

            if (magic != Magic) throw new ParquetException("Zstd data does not start with its magic number");
            input = input[4..];
            var decoder = new ZstdDecoder(output) { offset1 = 1, offset2 = 4, offset3 = 8 };
            decoder.Frame(ref input);
            output = output[decoder.written..];
        }

        if (!output.IsEmpty) throw new ParquetException($"Zstd data unpacks to {output.Length} bytes less than declared");
    }

    private void Frame(ref ReadOnlySpan<byte> input)
    {
        var (content, hasChecksum) = Header(ref input);
        var literals = ArrayPool<byte>.Shared.Rent(MaxBlock);
        try
        {
            var last = false;
            while (!last) last = Block(ref input, literals);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(literals);
        }

        if (content is { } declared && declared != (ulong)written) throw new ParquetException($"a Zstd frame declares {declared} bytes and holds {written}");
        if (!hasChecksum) return;
        if (input.Length < 4) throw Cut();
        if (BinaryPrimitives.ReadUInt32LittleEndian(input) != (uint)XxHash64.Of(output[..written])) throw new ParquetException("a Zstd frame's checksum does not fit its content");
        input = input[4..];
    }

    private static (ulong? Content, bool HasChecksum) Header(ref ReadOnlySpan<byte> input)
    {
        var descriptor = input[0];
        var single = (descriptor & 0x20) != 0;
        if ((descriptor & 8) != 0) throw new ParquetException("a Zstd frame has a reserved bit set");
        var window = single ? 0 : 1;
        var dictionary = (descriptor & 3) switch { 3 => 4, var other => other };
        var size = (descriptor >> 6) switch { 0 => single ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        var header = input[1..];
        if (header.Length < window + dictionary + size) throw Cut();
        if (header.Slice(window, dictionary).ContainsAnyExcept((byte)0)) throw new ParquetException("a Zstd frame wants a dictionary");
        var field = header.Slice(window + dictionary, size);
        ulong? content = size switch
        {
            1 => field[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(field) + 256UL,
            4 => BinaryPrimitives.ReadUInt32LittleEndian(field),
            8 => BinaryPrimitives.ReadUInt64LittleEndian(field),
            _ => null,
        };
        input = header[(window + dictionary + size)..];
        return (content, (descriptor & 4) != 0);
    }

    private bool Block(ref ReadOnlySpan<byte> input, byte[] literals)
    {
        if (input.Length < 3) throw Cut();
        var header = input[0] | input[1] << 8 | input[2] << 16;
        var size = header >> 3;
        input = input[3..];
        var type = header >> 1 & 3;
        var stored = type == 1 ? 1 : size;
        if (stored > input.Length) throw Cut();
        var data = input[..stored];
        switch (type)
        {
            case 0:
                data.CopyTo(Room(size));
                written += size;
                break;
            case 1:
                Room(size).Fill(data[0]);
                written += size;
                break;
            case 2:
                Compressed(data, literals.AsSpan(0, MaxBlock));
                break;
            default:
                throw new ParquetException("a Zstd block is of the reserved type");
        }

        input = input[stored..];
        return (header & 1) != 0;
    }

    private readonly Span<byte> Room(int size) => size <= output.Length - written
        ? output.Slice(written, size)
        : throw new ParquetException("Zstd data unpacks to more than declared");

    private void Compressed(ReadOnlySpan<byte> data, Span<byte> buffer)
    {
        var literals = Zstd.Literals.Read(ref data, buffer, ref huffman);
        var count = SequenceCount(ref data);
        if (count > 0) literals = literals[Sequences(data, count, literals)..];
        else if (!data.IsEmpty) throw new ParquetException("a Zstd block goes on behind its literals");
        literals.CopyTo(Room(literals.Length));
        written += literals.Length;
    }

    private static int SequenceCount(ref ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty) throw Cut();
        int first = data[0];
        var width = first < 128 ? 1 : first < 255 ? 2 : 3;
        if (data.Length < width) throw Cut();
        var count = width switch
        {
            1 => first,
            2 => (first - 128 << 8) + data[1],
            _ => data[1] + (data[2] << 8) + 0x7f00,
        };
        data = data[width..];
        return count;
    }

    /// <summary>Carries out the sequences of a block and says how many literals they took.</summary>
    private int Sequences(ReadOnlySpan<byte> data, int count, scoped ReadOnlySpan<byte> literals)
    {
        if (data.IsEmpty) throw Cut();
        var modes = data[0];
        if ((modes & 3) != 0) throw new ParquetException("a Zstd block has reserved bits set");
        data = data[1..];
        literalTable = Table(ref data, modes >> 6, Codes.Literals, literalTable, Codes.MostLiteralLog, Codes.LiteralBase.Length - 1);
        offsetTable = Table(ref data, modes >> 4 & 3, Codes.Offsets, offsetTable, Codes.MostOffsetLog, Codes.MostOffsetCode);
        matchTable = Table(ref data, modes >> 2 & 3, Codes.Matches, matchTable, Codes.MostMatchLog, Codes.MatchBase.Length - 1);

        var taken = 0;
        var stream = new BackwardBits(data);
        var literalState = stream.Read(literalTable.Log);
        var offsetState = stream.Read(offsetTable.Log);
        var matchState = stream.Read(matchTable.Log);
        for (var i = 0; i < count; i++)
        {
            int offsetCode = offsetTable.Symbol(offsetState), matchCode = matchTable.Symbol(matchState), literalCode = literalTable.Symbol(literalState);
            var value = (1L << offsetCode) + stream.Read(offsetCode);
            var match = Codes.MatchBase[matchCode] + (int)stream.Read(Codes.MatchBits[matchCode]);
            var literal = Codes.LiteralBase[literalCode] + (int)stream.Read(Codes.LiteralBits[literalCode]);
            if (i + 1 < count)
            {
                literalState = literalTable.Next(literalState, ref stream);
                matchState = matchTable.Next(matchState, ref stream);
                offsetState = offsetTable.Next(offsetState, ref stream);
            }

            if (stream.Left < 0) throw new ParquetException("Zstd sequences read past their bit stream");
            if (literal > literals.Length - taken) throw new ParquetException("Zstd sequences want more literals than there are");
            literals.Slice(taken, literal).CopyTo(Room(literal));
            written += literal;
            taken += literal;
            Matches.Copy(output, written, Offset(value, literal == 0), match);
            written += match;
        }

        if (stream.Left != 0) throw new ParquetException("Zstd sequences do not end with their bit stream");
        return taken;
    }

    /// <summary>Values 1 to 3 stand for the three offsets used last; without literals before the match they shift by one.</summary>
    private int Offset(long value, bool noLiterals)
    {
        if (value > 3)
        {
            (offset3, offset2, offset1) = (offset2, offset1, (int)Math.Min(value - 3, int.MaxValue));
            return offset1;
        }

        switch ((int)value + (noLiterals ? 1 : 0))
        {
            case 1:
                return offset1;
            case 2:
                (offset1, offset2) = (offset2, offset1);
                return offset1;
            case 3:
                (offset1, offset2, offset3) = (offset3, offset1, offset2);
                return offset1;
            default:
                (offset1, offset2, offset3) = (offset1 - 1, offset1, offset2);
                return offset1;
        }
    }

    private static FseTable Table(ref ReadOnlySpan<byte> data, int mode, FseTable predefined, FseTable? before, int mostLog, int mostSymbol)
    {
        switch (mode)
        {
            case 0:
                return predefined;
            case 1:
                if (data.IsEmpty) throw Cut();
                var symbol = data[0];
                if (symbol > mostSymbol) throw new ParquetException($"a Zstd block uses the unknown code {symbol}");
                data = data[1..];
                return FseTable.Single(symbol);
            case 2:
                return FseTable.Read(ref data, mostLog, mostSymbol);
            default:
                return before ?? throw new ParquetException("a Zstd block reuses a table where none came before");
        }
    }

    private static ParquetException Cut() => new("Zstd data ends early");
}
