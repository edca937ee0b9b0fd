using Parquet.Compression;
using Parquet.Encodings;
using Parquet.Meta;
using Parquet.Schema;

namespace Parquet.Columns;

/// <summary>Reads one column chunk, page by page.</summary>
internal sealed class ColumnReader
{
    // As many values as a chunk may declare beyond what its file's size makes likely: a run of a million equal values
    // takes a few bytes, and writers make row groups of a million rows; a damaged count must not exhaust memory.
    private const long FreeValues = 1 << 20;
    private const long ValuesPerByte = 16;

    private readonly DataField field;
    private readonly ColumnChunk chunk;
    private readonly ArraySegment<byte> bytes;
    private readonly ChunkDecoder decoder;
    private readonly int count;
    private readonly byte[] definitions;
    private readonly byte[] repetitions;
    private int done;

    private ColumnReader(DataField field, ColumnChunk chunk, ArraySegment<byte> bytes, long fileSize)
    {
        if (chunk.Type != field.Column.Physical) throw new ParquetException($"the schema calls it {field.Column.Physical}, its metadata {chunk.Type}");
        if (chunk.Values < 0 || chunk.Values > FreeValues + ValuesPerByte * fileSize)
            throw new ParquetException($"{chunk.Values} values are declared in a file of {fileSize} bytes; no real file packs so well");
        (this.field, this.chunk, this.bytes) = (field, chunk, bytes);
        count = (int)chunk.Values;
        decoder = ChunkDecoder.Of(field.Column);
        definitions = field.MaxDefinitionLevel > 0 ? new byte[count] : [];
        repetitions = field.MaxRepetitionLevel > 0 ? new byte[count] : [];
    }

    /// <summary>Unpacks the bytes of a chunk.</summary>
    public static ColumnData Read(DataField field, ColumnChunk chunk, ArraySegment<byte> bytes, long rows, long fileSize)
    {
        var reader = new ColumnReader(field, chunk, bytes, fileSize);
        reader.Pages();
        reader.CheckRows(rows);
        return reader.decoder.Finish(field, reader.count, reader.definitions, reader.repetitions);
    }

    private void Pages()
    {
        var position = 0;
        for (var page = 1; done < count; page++)
        {
            try
            {
                if (position == bytes.Count) throw new ParquetException($"the column ends after {done} of {count} values");
                var header = PageHeader.Read(bytes.AsSpan(position), out var length);
                position += length;
                if (header.CompressedSize > bytes.Count - position) throw new ParquetException($"{header.CompressedSize} bytes are declared where {bytes.Count - position} are left");
                var body = bytes.Slice(position, header.CompressedSize);
                position += header.CompressedSize;
                if (header.Crc is { } crc && crc != (int)Crc32.Of(body)) throw new ParquetException("the checksum does not fit the page; the file is damaged");
                Page(header, body);
            }
            catch (ParquetException error)
            {
                throw new ParquetException($"page {page}: {error.Message}", error);
            }
        }
    }

    private void Page(PageHeader header, ArraySegment<byte> body)
    {
        switch (header.Type)
        {
            case PageType.Dictionary:
                var dictionary = Unpack(chunk.Codec, body, header.UncompressedSize);
                decoder.Dictionary(header.Encoding, header.Values, dictionary);
                break;
            case PageType.Data:
                Version1(header, Unpack(chunk.Codec, body, header.UncompressedSize));
                break;
            case PageType.DataV2:
                Version2(header, body);
                break;
        }
    }

    private void Version1(PageHeader header, ArraySegment<byte> page)
    {
        CheckCount(header.Values);
        ReadOnlySpan<byte> rest = page;
        Levels.ReadPrefixed(ref rest, header.RepetitionEncoding, field.MaxRepetitionLevel, Part(repetitions, header.Values));
        Levels.ReadPrefixed(ref rest, header.DefinitionEncoding, field.MaxDefinitionLevel, Part(definitions, header.Values));
        Values(header, page[^rest.Length..]);
    }

    private void Version2(PageHeader header, ArraySegment<byte> body)
    {
        CheckCount(header.Values);
        var levels = (long)header.RepetitionLength + header.DefinitionLength;
        if (levels > body.Count || levels > header.UncompressedSize) throw new ParquetException($"levels of {levels} bytes are declared in a page of {body.Count}");
        Levels.Read(body.AsSpan(0, header.RepetitionLength), field.MaxRepetitionLevel, Part(repetitions, header.Values));
        Levels.Read(body.AsSpan(header.RepetitionLength, header.DefinitionLength), field.MaxDefinitionLevel, Part(definitions, header.Values));
        var codec = header.IsCompressed ? chunk.Codec : CompressionMethod.None;
        Values(header, Unpack(codec, body[(int)levels..], header.UncompressedSize - (int)levels));
    }

    private void Values(PageHeader header, ArraySegment<byte> values)
    {
        var there = field.MaxDefinitionLevel == 0 ? header.Values : Part(definitions, header.Values).Count((byte)field.MaxDefinitionLevel);
        decoder.Data(header.Encoding, there, values);
        done += header.Values;
    }

    private Span<byte> Part(byte[] levels, int values) => levels.Length == 0 ? [] : levels.AsSpan(done, values);

    private void CheckCount(int values)
    {
        if (values > count - done) throw new ParquetException($"{values} values are declared where {count - done} are left of the column's {count}");
    }

    private static ArraySegment<byte> Unpack(CompressionMethod codec, ArraySegment<byte> body, int size)
    {
        if (codec == CompressionMethod.None && body.Count == size) return body;
        // Some writers pack an empty page into nothing.
        if (size == 0 && body.Count == 0) return body;
        Codec.CheckRatio(body.Count, size);
        var page = new byte[size];
        Codec.Decompress(codec, body, page);
        return page;
    }

    /// <summary>Each row starts with repetition level 0, so the levels tell how many there are.</summary>
    private void CheckRows(long rows)
    {
        var there = field.MaxRepetitionLevel == 0 ? count : repetitions.AsSpan().Count((byte)0);
        if (there != rows) throw new ParquetException($"the column holds {there} rows, its row group {rows}");
        if (count > 0 && repetitions.Length > 0 && repetitions[0] != 0) throw new ParquetException("the first row goes on with a list that never began");
    }
}
