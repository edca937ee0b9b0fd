
namespace Parquet.Meta;

/// <summary>Reads Thrift's compact protocol; no count is believed beyond the bytes that are there.</summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxDepth = 32;
    private readonly ReadOnlySpan<byte> bytes = bytes;

    public int Position { get; private set; }

    private readonly int Left => bytes.Length - Position;

    /// <summary>The next field of a struct; false at its end. <paramref name="id"/> starts at 0.</summary>
    public bool NextField(ref int id, out WireType type)
    {
        var header = Byte();
        type = (WireType)(header & 0xf);
        if (type == WireType.Stop) return false;
        var next = header >> 4 is var delta and > 0 ? id + delta : ZigZag();
        if (next is < 0 or > short.MaxValue) throw new ParquetException($"metadata holds a field of number {next}");
        id = (int)next;
        return true;
    }

    public int Int32(WireType type)
    {
        if (type is not (WireType.Byte or WireType.Int16 or WireType.Int32)) throw Unexpected(type, "an integer");
        if (type == WireType.Byte) return (sbyte)Byte();
        var value = ZigZag();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new ParquetException($"metadata holds {value} where 32 bits are expected");
    }

    public long Int64(WireType type) => type == WireType.Int64 ? ZigZag() : Int32(type);

    public bool Boolean(WireType type) => type is WireType.True or WireType.False ? type == WireType.True : throw Unexpected(type, "true or false");

    public string Text(WireType type)
    {
        if (type != WireType.Binary) throw Unexpected(type, "text");
        return System.Text.Encoding.UTF8.GetString(Take(Length("a string")));
    }

    /// <summary>The element count and type of a list; at least one byte stands behind each element.</summary>
    public int List(WireType type, out WireType element)
    {
        if (type is not (WireType.List or WireType.Set)) throw Unexpected(type, "a list");
        var header = Byte();
        element = (WireType)(header & 0xf);
        return header >> 4 is var count and < 15 ? Fit(count, "a list") : Length("a list");
    }

    public void Struct(WireType type)
    {
        if (type != WireType.Struct) throw Unexpected(type, "a struct");
    }

    public void Skip(WireType type) => Skip(type, 0);

    private void Skip(WireType type, int depth)
    {
        if (depth > MaxDepth) throw new ParquetException($"metadata nests deeper than {MaxDepth}");
        switch (type)
        {
            case WireType.True or WireType.False:
                break;
            case WireType.Byte:
                Take(1);
                break;
            case WireType.Int16 or WireType.Int32 or WireType.Int64:
                Varint();
                break;
            case WireType.Double:
                Take(8);
                break;
            case WireType.Binary:
                Take(Length("a string"));
                break;
            case WireType.List or WireType.Set:
                for (var left = List(type, out var element); left > 0; left--) SkipElement(element, depth + 1);
                break;
            case WireType.Map:
                var pairs = Length("a map");
                if (pairs == 0) break;
                var types = Byte();
                for (; pairs > 0; pairs--)
                {
                    SkipElement((WireType)(types >> 4), depth + 1);
                    SkipElement((WireType)(types & 0xf), depth + 1);
                }

                break;
            case WireType.Struct:
                var id = 0;
                while (NextField(ref id, out var field)) Skip(field, depth + 1);
                break;
            default:
                throw new ParquetException($"metadata holds the unknown wire type {(int)type}");
        }
    }

    // A boolean is part of a field's header, but takes a byte of its own in a list.
    private void SkipElement(WireType type, int depth)
    {
        if (type is WireType.True or WireType.False) Take(1);
        else Skip(type, depth);
    }

    private int Length(string what) => Varint() is var length && length <= (ulong)Left
        ? (int)length
        : throw new ParquetException($"metadata declares {what} of {length} where {Left} bytes are left");

    private readonly int Fit(int count, string what) => count <= Left
        ? count
        : throw new ParquetException($"metadata declares {what} of {count} where {Left} bytes are left");

    private long ZigZag()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var part = Byte();
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }

        throw new ParquetException("metadata holds an integer of more than ten bytes");
    }

    private byte Byte() => Left > 0 ? bytes[Position++] : throw new ParquetException("metadata ends early");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Left) throw new ParquetException("metadata ends early");
        Position += count;
        return bytes.Slice(Position - count, count);
    }

    private static ParquetException Unexpected(WireType found, string expected) =>
        new($"metadata holds wire type {found}, expected {expected}");
}

/// <summary>Types of Thrift's compact protocol.</summary>
internal enum WireType
{
    Stop = 0,
    True = 1,
    False = 2,
    Byte = 3,
    Int16 = 4,
    Int32 = 5,
    Int64 = 6,
    Double = 7,
    Binary = 8,
    List = 9,
    Set = 10,
    Map = 11,
    Struct = 12,
}
