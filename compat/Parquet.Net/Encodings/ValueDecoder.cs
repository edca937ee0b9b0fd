using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Parquet.Meta;

namespace Parquet.Encodings;

/// <summary>Reads the values of pages of one physical type.</summary>
internal abstract class ValueDecoder<T>
{
    /// <summary>Fills <paramref name="values"/> from a page; the page must hold that many.</summary>
    public abstract void Read(Encoding encoding, ReadOnlyMemory<byte> page, Span<T> values);

    /// <summary>The fewest bytes in which a page can hold so many values, so that room is made only for what is there.</summary>
    public abstract long LeastBytes(Encoding encoding, int count);

    protected static ParquetException Unknown(Encoding encoding) =>
        new($"{typeof(T).Name} values are encoded as {encoding}, which this reader does not know for them");

    protected static ParquetException Short(long needed, int there) => new($"values need {needed} bytes where {there} are left");
}

/// <summary>Booleans: one bit each, or runs.</summary>
internal sealed class BooleanDecoder : ValueDecoder<bool>
{
    public override void Read(Encoding encoding, ReadOnlyMemory<byte> page, Span<bool> values)
    {
        var bytes = page.Span;
        switch (encoding)
        {
            case Encoding.Plain:
                if ((values.Length + 7L) / 8 > bytes.Length) throw Short((values.Length + 7L) / 8, bytes.Length);
                for (var i = 0; i < values.Length; i++) values[i] = (bytes[i >> 3] >> (i & 7) & 1) != 0;
                break;
            case Encoding.Rle:
                var length = bytes.Length < 4 ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
                if (length > bytes.Length - 4) throw Short(length, bytes.Length);
                var reader = new RleReader(bytes.Slice(4, (int)length), 1);
                Span<int> one = stackalloc int[1];
                for (var i = 0; i < values.Length; i++)
                {
                    reader.Read(one);
                    values[i] = one[0] != 0;
                }

                break;
            default:
                throw Unknown(encoding);
        }
    }

    public override long LeastBytes(Encoding encoding, int count) => encoding == Encoding.Plain ? (count + 7L) / 8 : 0;
}

/// <summary>Values that lie in the file as they lie in memory.</summary>
internal class FixedDecoder<T> : ValueDecoder<T> where T : unmanaged
{
    public override void Read(Encoding encoding, ReadOnlyMemory<byte> page, Span<T> values)
    {
        var target = MemoryMarshal.AsBytes(values);
        if (encoding is not (Encoding.Plain or Encoding.ByteStreamSplit)) throw Unknown(encoding);
        if (target.Length > page.Length) throw Short(target.Length, page.Length);
        if (encoding == Encoding.Plain) page.Span[..target.Length].CopyTo(target);
        else Join(page.Span, target, values.Length);
    }

    public override long LeastBytes(Encoding encoding, int count) => (long)count * Marshal.SizeOf<T>();

    /// <summary>BYTE_STREAM_SPLIT: first bytes of all values, then second bytes, and so on.</summary>
    private static void Join(ReadOnlySpan<byte> page, Span<byte> target, int count)
    {
        if (count == 0) return;
        var size = target.Length / count;
        for (var i = 0; i < size; i++)
            for (var j = 0; j < count; j++) target[j * size + i] = page[i * count + j];
    }
}

/// <summary>Integers, which may also be written as differences.</summary>
internal sealed class IntegerDecoder<T> : FixedDecoder<T> where T : unmanaged, IBinaryInteger<T>
{
    public override void Read(Encoding encoding, ReadOnlyMemory<byte> page, Span<T> values)
    {
        if (encoding == Encoding.DeltaBinaryPacked) DeltaBinaryPacked.Read(page.Span, values);
        else base.Read(encoding, page, values);
    }

    public override long LeastBytes(Encoding encoding, int count) => encoding == Encoding.DeltaBinaryPacked ? 0 : base.LeastBytes(encoding, count);
}

/// <summary>Byte arrays of any length, or of a fixed one; the values point into the page.</summary>
internal sealed class BytesDecoder(int? fixedLength) : ValueDecoder<ReadOnlyMemory<byte>>
{
    public override void Read(Encoding encoding, ReadOnlyMemory<byte> page, Span<ReadOnlyMemory<byte>> values)
    {
        switch (encoding)
        {
            case Encoding.Plain when fixedLength is { } length:
                if ((long)length * values.Length > page.Length) throw Short((long)length * values.Length, page.Length);
                for (var i = 0; i < values.Length; i++) values[i] = page.Slice(i * length, length);
                break;
            case Encoding.Plain:
                Prefixed(page, values);
                break;
            case Encoding.DeltaLengthByteArray when fixedLength is null:
                DeltaByteArrays.ReadLengths(page, values);
                break;
            case Encoding.DeltaByteArray:
                DeltaByteArrays.ReadPrefixes(page, values);
                foreach (var value in values)
                    if (fixedLength is { } length && value.Length != length) throw new ParquetException($"a value of {value.Length} bytes in a column of {length}");
                break;
            case Encoding.ByteStreamSplit when fixedLength is { } length:
                Join(page, length, values);
                break;
            default:
                throw Unknown(encoding);
        }
    }

    public override long LeastBytes(Encoding encoding, int count) => (encoding, fixedLength) switch
    {
        (Encoding.Plain or Encoding.ByteStreamSplit, { } length) => (long)length * count,
        (Encoding.Plain, null) => 4L * count,
        _ => 0,
    };

    private static void Prefixed(ReadOnlyMemory<byte> page, Span<ReadOnlyMemory<byte>> values)
    {
        var bytes = page.Span;
        var position = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (bytes.Length - position < 4) throw Short(4, bytes.Length - position);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[position..]);
            position += 4;
            if (length > bytes.Length - position) throw Short(length, bytes.Length - position);
            values[i] = page.Slice(position, (int)length);
            position += (int)length;
        }
    }

    private static void Join(ReadOnlyMemory<byte> page, int length, Span<ReadOnlyMemory<byte>> values)
    {
        if ((long)length * values.Length > page.Length) throw Short((long)length * values.Length, page.Length);
        var joined = new byte[length * values.Length];
        for (var i = 0; i < length; i++)
            for (var j = 0; j < values.Length; j++) joined[j * length + i] = page.Span[i * values.Length + j];
        for (var j = 0; j < values.Length; j++) values[j] = joined.AsMemory(j * length, length);
    }
}
