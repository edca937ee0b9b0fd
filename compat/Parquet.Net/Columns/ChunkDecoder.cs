using System.Runtime.InteropServices;
using Parquet.Encodings;
using Parquet.Meta;
using Parquet.Schema;

namespace Parquet.Columns;

/// <summary>Unpacks the pages of one column chunk into values.</summary>
internal abstract class ChunkDecoder
{
    /// <summary>Takes the dictionary that data pages refer to.</summary>
    public abstract void Dictionary(Encoding encoding, int count, ReadOnlyMemory<byte> page);

    /// <summary>Takes the values of a data page.</summary>
    public abstract void Data(Encoding encoding, int count, ReadOnlyMemory<byte> page);

    public abstract ColumnData Finish(DataField field, int count, byte[] definitions, byte[] repetitions);

    /// <summary>The decoder for how a column lies in the file and what it means.</summary>
    public static ChunkDecoder Of(ColumnType column)
    {
        var (clr, logical, scale) = (column.Clr, column.Logical, column.Scale);
        switch (column.Physical)
        {
            case PhysicalType.Boolean:
                return new ChunkDecoder<bool, bool>(new BooleanDecoder(), value => value);
            case PhysicalType.Int32:
                var int32 = new IntegerDecoder<int>();
                if (clr == typeof(sbyte)) return new ChunkDecoder<int, sbyte>(int32, value => (sbyte)value);
                if (clr == typeof(byte)) return new ChunkDecoder<int, byte>(int32, value => (byte)value);
                if (clr == typeof(short)) return new ChunkDecoder<int, short>(int32, value => (short)value);
                if (clr == typeof(ushort)) return new ChunkDecoder<int, ushort>(int32, value => (ushort)value);
                if (clr == typeof(uint)) return new ChunkDecoder<int, uint>(int32, value => (uint)value);
                if (clr == typeof(DateTime)) return new ChunkDecoder<int, DateTime>(int32, value => Moments.FromUnits(value, TimeSpan.TicksPerDay));
                if (clr == typeof(TimeSpan)) return new ChunkDecoder<int, TimeSpan>(int32, value => Moments.Span(value, TimeSpan.TicksPerMillisecond));
                if (clr == typeof(decimal)) return new ChunkDecoder<int, decimal>(int32, value => Decimals.Of(value, scale));
                return new ChunkDecoder<int, int>(int32, value => value);
            case PhysicalType.Int64:
                var int64 = new IntegerDecoder<long>();
                if (clr == typeof(ulong)) return new ChunkDecoder<long, ulong>(int64, value => (ulong)value);
                if (clr == typeof(decimal)) return new ChunkDecoder<long, decimal>(int64, value => Decimals.Of(value, scale));
                if (clr == typeof(TimeSpan) && logical == LogicalType.TimeNanos) return new ChunkDecoder<long, TimeSpan>(int64, value => new TimeSpan(value / 100));
                if (clr == typeof(TimeSpan)) return new ChunkDecoder<long, TimeSpan>(int64, value => Moments.Span(value, TimeSpan.TicksPerMicrosecond));
                if (logical == LogicalType.TimestampMillis) return new ChunkDecoder<long, DateTime>(int64, value => Moments.FromUnits(value, TimeSpan.TicksPerMillisecond));
                if (logical == LogicalType.TimestampMicros) return new ChunkDecoder<long, DateTime>(int64, value => Moments.FromUnits(value, TimeSpan.TicksPerMicrosecond));
                if (logical == LogicalType.TimestampNanos) return new ChunkDecoder<long, DateTime>(int64, value => Moments.FromTicks(value / 100));
                return new ChunkDecoder<long, long>(int64, value => value);
            case PhysicalType.Int96:
                return new ChunkDecoder<Int96, DateTime>(new FixedDecoder<Int96>(), value => value.ToDateTime());
            case PhysicalType.Float:
                return new ChunkDecoder<float, float>(new FixedDecoder<float>(), value => value);
            case PhysicalType.Double:
                return new ChunkDecoder<double, double>(new FixedDecoder<double>(), value => value);
            default:
                var bytes = new BytesDecoder(column.Physical == PhysicalType.FixedLenByteArray ? column.Length : null);
                if (clr == typeof(string)) return new ChunkDecoder<ReadOnlyMemory<byte>, string>(bytes, Texts.Of);
                if (clr == typeof(decimal)) return new ChunkDecoder<ReadOnlyMemory<byte>, decimal>(bytes, value => Decimals.Of(value, scale));
                if (clr == typeof(Guid)) return new ChunkDecoder<ReadOnlyMemory<byte>, Guid>(bytes, value => new Guid(value.Span, bigEndian: true));
                if (clr == typeof(float)) return new ChunkDecoder<ReadOnlyMemory<byte>, float>(bytes, value => (float)MemoryMarshal.Read<Half>(value.Span));
                return new ChunkDecoder<ReadOnlyMemory<byte>, byte[]>(bytes, value => value.ToArray());
        }
    }
}

/// <summary>Values that lie in the file as <typeparamref name="TStored"/> and become <typeparamref name="T"/>.</summary>
internal sealed class ChunkDecoder<TStored, T>(ValueDecoder<TStored> decoder, Func<TStored, T> convert) : ChunkDecoder where T : notnull
{
    private const int Piece = 1024;
    private T[]? dictionary;
    private T[] values = [];
    private int length;

    public override void Dictionary(Encoding encoding, int count, ReadOnlyMemory<byte> page)
    {
        if (dictionary is not null) throw new ParquetException("a second dictionary page");
        if (encoding is not (Encoding.Plain or Encoding.PlainDictionary)) throw new ParquetException($"a dictionary is encoded as {encoding}");
        var needed = decoder.LeastBytes(Encoding.Plain, count);
        if (needed > page.Length) throw new ParquetException($"a dictionary of {count} values in {page.Length} bytes");
        var stored = new TStored[count];
        decoder.Read(Encoding.Plain, page, stored);
        dictionary = Array.ConvertAll(stored, value => convert(value));
    }

    public override void Data(Encoding encoding, int count, ReadOnlyMemory<byte> page)
    {
        if (count == 0) return;
        if (encoding is Encoding.PlainDictionary or Encoding.RleDictionary)
        {
            LookUp(page.Span, count);
            return;
        }

        var needed = decoder.LeastBytes(encoding, count);
        if (needed > page.Length) throw new ParquetException($"a page declares {count} values in {page.Length} bytes");
        var stored = new TStored[count];
        decoder.Read(encoding, page, stored);
        var room = Room(count);
        for (var i = 0; i < count; i++) room[i] = convert(stored[i]);
    }

    public override ColumnData Finish(DataField field, int count, byte[] definitions, byte[] repetitions) =>
        new ColumnData<T>(field, count, definitions, repetitions, values[..length]);

    private void LookUp(ReadOnlySpan<byte> page, int count)
    {
        if (dictionary is null) throw new ParquetException("a page refers to a dictionary where there is none");
        if (page.IsEmpty) throw new ParquetException("a page of dictionary indices is empty");
        var reader = new RleReader(page[1..], page[0]);
        Span<int> indices = stackalloc int[Piece];
        while (count > 0)
        {
            var part = indices[..Math.Min(Piece, count)];
            reader.Read(part);
            var room = Room(part.Length);
            for (var i = 0; i < part.Length; i++)
            {
                if ((uint)part[i] >= (uint)dictionary.Length) throw new ParquetException($"a page refers to entry {(uint)part[i]} of a dictionary of {dictionary.Length}");
                room[i] = dictionary[part[i]];
            }

            count -= part.Length;
        }
    }

    private Span<T> Room(int count)
    {
        if (values.Length - length < count) Array.Resize(ref values, Math.Max(length + count, (int)Math.Min(2L * values.Length, Array.MaxLength)));
        length += count;
        return values.AsSpan(length - count, count);
    }
}
