using System.Buffers;
using Parquet.Compression;
using Parquet.Encodings;
using Parquet.Meta;

namespace Parquet.Columns;

/// <summary>Writes a column of a row group as pages of about a megabyte, each with its checksum.</summary>
internal sealed class ColumnWriter<T>(ColumnData<T> column, Stream stream, ParquetOptions options) : ColumnWriter where T : notnull
{
    private const int PageSize = 1 << 20;
    private readonly int mostDefinition = column.Field.MaxDefinitionLevel;
    private long compressed;
    private long uncompressed;

    public override async Task<ColumnChunk> WriteAsync(Dictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        var dictionary = options.UseDictionaryEncoding ? DictionaryBuilder<T>.Of(column.Values, options.DictionaryEncodingThreshold) : null;
        var start = stream.Position;
        if (dictionary is not null) await DictionaryPageAsync(dictionary, cancellationToken).ConfigureAwait(false);
        var data = stream.Position;
        for (int place = 0, value = 0; place < column.Count;)
        {
            var (places, values) = PageEnd(place, value, dictionary is not null);
            await DataPageAsync(place..places, value..values, dictionary, cancellationToken).ConfigureAwait(false);
            (place, value) = (places, values);
        }

        return new ColumnChunk
        {
            Type = column.Field.Column.Physical,
            Encodings = dictionary is null ? [Encoding.Plain, Encoding.Rle] : [Encoding.Plain, Encoding.Rle, Encoding.RleDictionary],
            Path = [.. column.Field.Path.ToList()],
            Codec = options.CompressionMethod,
            Values = column.Count,
            UncompressedSize = uncompressed,
            CompressedSize = compressed,
            DataOffset = data,
            DictionaryOffset = dictionary is null ? null : start,
            Metadata = metadata,
        };
    }

    /// <summary>Where the page that starts here ends: after about a megabyte, between two rows.</summary>
    private (int Places, int Values) PageEnd(int place, int value, bool isDictionary)
    {
        var bytes = 0;
        for (; place < column.Count; place++)
        {
            var startsRow = column.Repetitions.Length == 0 || column.Repetitions[place] == 0;
            if (bytes >= PageSize && startsRow) break;
            bytes += 1;
            if (column.Definitions.Length > 0 && column.Definitions[place] < mostDefinition) continue;
            bytes += isDictionary ? 4 : PlainEncoder.Size(column.Values[value]);
            value++;
        }

        return (place, value);
    }

    private async Task DictionaryPageAsync(DictionaryBuilder<T> dictionary, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>();
        PlainEncoder.Write(dictionary.Distinct, body);
        var header = new PageHeader { Type = PageType.Dictionary, UncompressedSize = 0, CompressedSize = 0, Values = dictionary.Distinct.Length, Encoding = Encoding.Plain };
        await PageAsync(header, body.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }

    private async Task DataPageAsync(Range places, Range values, DictionaryBuilder<T>? dictionary, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>();
        if (column.Repetitions.Length > 0) body.Write(Levels.Write(column.Repetitions.AsSpan(places), column.Field.MaxRepetitionLevel));
        if (column.Definitions.Length > 0) body.Write(Levels.Write(column.Definitions.AsSpan(places), mostDefinition));
        if (dictionary is null)
        {
            PlainEncoder.Write<T>(column.Values.AsSpan(values), body);
        }
        else
        {
            var width = Math.Max(1, BitWidth.Of(dictionary.Distinct.Length - 1));
            body.Write([(byte)width]);
            body.Write(RleWriter.Write(dictionary.Indices.AsSpan(values), width));
        }

        var header = new PageHeader
        {
            Type = PageType.Data,
            UncompressedSize = 0,
            CompressedSize = 0,
            Values = places.End.Value - places.Start.Value,
            Encoding = dictionary is null ? Encoding.Plain : Encoding.RleDictionary,
        };
        await PageAsync(header, body.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }

    private async Task PageAsync(PageHeader page, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var packed = Codec.Compress(options.CompressionMethod, options.CompressionLevel, body.Span);
        var header = (page with { UncompressedSize = body.Length, CompressedSize = packed.Length, Crc = (int)Crc32.Of(packed) }).Write();
        await stream.WriteAsync(header, cancellationToken).ConfigureAwait(false);
        await stream.WriteAsync(packed, cancellationToken).ConfigureAwait(false);
        compressed += header.Length + packed.Length;
        uncompressed += header.Length + body.Length;
    }
}

/// <summary>A writer for whichever type a column holds.</summary>
internal abstract class ColumnWriter
{
    public abstract Task<ColumnChunk> WriteAsync(Dictionary<string, string> metadata, CancellationToken cancellationToken);

    public static ColumnWriter Of(ColumnData column, Stream stream, ParquetOptions options) => column switch
    {
        ColumnData<bool> data => new ColumnWriter<bool>(data, stream, options),
        ColumnData<int> data => new ColumnWriter<int>(data, stream, options),
        ColumnData<long> data => new ColumnWriter<long>(data, stream, options),
        ColumnData<float> data => new ColumnWriter<float>(data, stream, options),
        ColumnData<double> data => new ColumnWriter<double>(data, stream, options),
        ColumnData<string> data => new ColumnWriter<string>(data, stream, options),
        ColumnData<byte[]> data => new ColumnWriter<byte[]>(data, stream, options),
        _ => throw new NotSupportedException($"columns of {column.Field.ClrType.Name} cannot be written"),
    };
}
