namespace Parquet.Meta;

/// <summary>Where the pages of one column of a row group lie.</summary>
internal sealed record ColumnChunk
{
    public required PhysicalType Type { get; init; }

    public required IReadOnlyList<Encoding> Encodings { get; init; }

    public required IReadOnlyList<string> Path { get; init; }

    public required CompressionMethod Codec { get; init; }

    public required long Values { get; init; }

    public required long UncompressedSize { get; init; }

    public required long CompressedSize { get; init; }

    public required long DataOffset { get; init; }

    public long? DictionaryOffset { get; init; }

    public Dictionary<string, string> Metadata { get; init; } = [];

    /// <summary>Where the first page starts. Some writers leave 0 for "no dictionary".</summary>
    public long Start => DictionaryOffset is { } offset and > 0 && offset < DataOffset ? offset : DataOffset;

    public static ColumnChunk Read(ref ThriftReader reader)
    {
        ColumnChunk? chunk = null;
        var id = 0;
        while (reader.NextField(ref id, out var wire))
        {
            switch (id)
            {
                case 1: throw new ParquetException($"a column lies in another file, {reader.Text(wire)}; this is not supported");
                case 3: chunk = ReadMetadata(ref reader, wire); break;
                case 8 or 9: throw new ParquetException("a column is encrypted; this is not supported");
                default: reader.Skip(wire); break;
            }
        }

        return chunk ?? throw new ParquetException("a column has no metadata");
    }

    public void Write(ThriftWriter writer)
    {
        var outer = 0;
        writer.Int64(ref outer, 2, 0);
        writer.Struct(ref outer, 3);
        var id = 0;
        writer.Int32(ref id, 1, (int)Type);
        writer.List(ref id, 2, WireType.Int32, Encodings.Count);
        foreach (var encoding in Encodings) writer.Int32Element((int)encoding);
        writer.List(ref id, 3, WireType.Binary, Path.Count);
        foreach (var part in Path) writer.TextElement(part);
        writer.Int32(ref id, 4, (int)Codec);
        writer.Int64(ref id, 5, Values);
        writer.Int64(ref id, 6, UncompressedSize);
        writer.Int64(ref id, 7, CompressedSize);
        KeyValues.Write(writer, ref id, 8, Metadata);
        writer.Int64(ref id, 9, DataOffset);
        if (DictionaryOffset is { } offset) writer.Int64(ref id, 11, offset);
        writer.Stop();
        writer.Stop();
    }

    private static ColumnChunk ReadMetadata(ref ThriftReader reader, WireType wire)
    {
        reader.Struct(wire);
        (PhysicalType? type, CompressionMethod? codec, List<string>? path) = (null, null, null);
        (long? values, long? uncompressed, long? compressed, long? data, long? dictionary) = (null, null, null, null, null);
        Dictionary<string, string> metadata = [];
        var id = 0;
        while (reader.NextField(ref id, out var field))
        {
            switch (id)
            {
                case 1: type = (PhysicalType)reader.Int32(field); break;
                case 3: path = Texts(ref reader, field); break;
                case 4: codec = (CompressionMethod)reader.Int32(field); break;
                case 5: values = reader.Int64(field); break;
                case 6: uncompressed = reader.Int64(field); break;
                case 7: compressed = reader.Int64(field); break;
                case 8: metadata = KeyValues.Read(ref reader, field); break;
                case 9: data = reader.Int64(field); break;
                case 11: dictionary = reader.Int64(field); break;
                default: reader.Skip(field); break;
            }
        }

        return new ColumnChunk
        {
            Type = type ?? throw Missing("type"),
            Encodings = [],
            Path = path ?? throw Missing("path_in_schema"),
            Codec = codec ?? throw Missing("codec"),
            Values = values ?? throw Missing("num_values"),
            UncompressedSize = uncompressed ?? throw Missing("total_uncompressed_size"),
            CompressedSize = compressed ?? throw Missing("total_compressed_size"),
            DataOffset = data ?? throw Missing("data_page_offset"),
            DictionaryOffset = dictionary,
            Metadata = metadata,
        };
    }

    private static List<string> Texts(ref ThriftReader reader, WireType wire)
    {
        var count = reader.List(wire, out var element);
        var texts = new List<string>(count);
        for (; count > 0; count--) texts.Add(reader.Text(element));
        return texts;
    }

    private static ParquetException Missing(string what) => new($"a column's metadata lacks {what}");
}
