using System.Buffers;

namespace Parquet.Meta;

/// <summary>Writes Thrift's compact protocol. Each struct keeps the id of its last field, from 0.</summary>
internal sealed class ThriftWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new();

    public ReadOnlyMemory<byte> Written => buffer.WrittenMemory;

    public void Int32(ref int last, int id, int value)
    {
        Header(ref last, id, WireType.Int32);
        ZigZag(value);
    }

    public void Int64(ref int last, int id, long value)
    {
        Header(ref last, id, WireType.Int64);
        ZigZag(value);
    }

    public void Boolean(ref int last, int id, bool value) => Header(ref last, id, value ? WireType.True : WireType.False);

    public void Text(ref int last, int id, string value)
    {
        Header(ref last, id, WireType.Binary);
        TextElement(value);
    }

    /// <summary>Begins a list; its elements follow.</summary>
    public void List(ref int last, int id, WireType element, int count)
    {
        Header(ref last, id, WireType.List);
        if (count < 15)
        {
            Byte((byte)(count << 4 | (int)element));
            return;
        }

        Byte((byte)(0xf0 | (int)element));
        Varint((ulong)count);
    }

    /// <summary>Begins a struct; <see cref="Stop"/> ends it.</summary>
    public void Struct(ref int last, int id) => Header(ref last, id, WireType.Struct);

    public void Stop() => Byte(0);

    public void Int32Element(int value) => ZigZag(value);

    public void TextElement(string value)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(value);
        Varint((ulong)bytes.Length);
        buffer.Write(bytes);
    }

    private void Header(ref int last, int id, WireType type)
    {
        if (id - last is > 0 and < 16)
        {
            Byte((byte)(id - last << 4 | (int)type));
        }
        else
        {
            Byte((byte)type);
            ZigZag(id);
        }

        last = id;
    }

    private void ZigZag(long value) => Varint((ulong)(value << 1 ^ value >> 63));

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Byte((byte)(value | 0x80));
        Byte((byte)value);
    }

    private void Byte(byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
    }
}
