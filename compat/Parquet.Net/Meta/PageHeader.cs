namespace Parquet.Meta;

/// <summary>What stands before each page.</summary>
internal sealed record PageHeader
{
    public required PageType Type { get; init; }

    public required int UncompressedSize { get; init; }

    public required int CompressedSize { get; init; }

    /// <summary>CRC-32 of the page as it lies in the file.</summary>
    public int? Crc { get; init; }

    public int Values { get; init; }

    public Encoding Encoding { get; init; }

    /// <summary>How version-1 pages hold levels.</summary>
    public Encoding DefinitionEncoding { get; init; } = Encoding.Rle;

    public Encoding RepetitionEncoding { get; init; } = Encoding.Rle;

    /// <summary>Bytes of levels in version-2 pages.</summary>
    public int DefinitionLength { get; init; }

    public int RepetitionLength { get; init; }

    public bool IsCompressed { get; init; } = true;

    /// <summary>Reads a header and says how many bytes it took.</summary>
    public static PageHeader Read(ReadOnlySpan<byte> bytes, out int length)
    {
        var reader = new ThriftReader(bytes);
        (PageType? type, int? uncompressed, int? compressed, int? crc) = (null, null, null, null);
        PageHeader? details = null;
        var id = 0;
        while (reader.NextField(ref id, out var wire))
        {
            switch (id)
            {
                case 1: type = (PageType)reader.Int32(wire); break;
                case 2: uncompressed = reader.Int32(wire); break;
                case 3: compressed = reader.Int32(wire); break;
                case 4: crc = reader.Int32(wire); break;
                case 5: details = Version1(ref reader, wire); break;
                case 7: details = Dictionary(ref reader, wire); break;
                case 8: details = Version2(ref reader, wire); break;
                default: reader.Skip(wire); break;
            }
        }

        length = reader.Position;
        var header = (details ?? new PageHeader { Type = PageType.Index, UncompressedSize = 0, CompressedSize = 0 }) with
        {
            UncompressedSize = uncompressed is >= 0 ? uncompressed.Value : throw new ParquetException($"a page declares {uncompressed?.ToString() ?? "no"} bytes uncompressed"),
            CompressedSize = compressed is >= 0 ? compressed.Value : throw new ParquetException($"a page declares {compressed?.ToString() ?? "no"} bytes"),
            Crc = crc,
        };
        if (type != header.Type) throw new ParquetException($"a page of type {type?.ToString() ?? "none"} has the header of another type");
        if (header.Values < 0) throw new ParquetException($"a page declares {header.Values} values");
        return header;
    }

    public ReadOnlyMemory<byte> Write()
    {
        var writer = new ThriftWriter();
        var id = 0;
        writer.Int32(ref id, 1, (int)Type);
        writer.Int32(ref id, 2, UncompressedSize);
        writer.Int32(ref id, 3, CompressedSize);
        if (Crc is { } crc) writer.Int32(ref id, 4, crc);
        writer.Struct(ref id, Type == PageType.Dictionary ? 7 : 5);
        var member = 0;
        writer.Int32(ref member, 1, Values);
        writer.Int32(ref member, 2, (int)Encoding);
        if (Type == PageType.Data)
        {
            writer.Int32(ref member, 3, (int)DefinitionEncoding);
            writer.Int32(ref member, 4, (int)RepetitionEncoding);
        }

        writer.Stop();
        writer.Stop();
        return writer.Written;
    }

    private static PageHeader Version1(ref ThriftReader reader, WireType wire)
    {
        reader.Struct(wire);
        var (values, encoding, definition, repetition, id) = (0, 0, (int)Encoding.Rle, (int)Encoding.Rle, 0);
        while (reader.NextField(ref id, out var member))
        {
            switch (id)
            {
                case 1: values = reader.Int32(member); break;
                case 2: encoding = reader.Int32(member); break;
                case 3: definition = reader.Int32(member); break;
                case 4: repetition = reader.Int32(member); break;
                default: reader.Skip(member); break;
            }
        }

        return Of(PageType.Data, values, encoding) with { DefinitionEncoding = (Encoding)definition, RepetitionEncoding = (Encoding)repetition };
    }

    private static PageHeader Dictionary(ref ThriftReader reader, WireType wire)
    {
        reader.Struct(wire);
        var (values, encoding, id) = (0, 0, 0);
        while (reader.NextField(ref id, out var member))
        {
            if (id == 1) values = reader.Int32(member);
            else if (id == 2) encoding = reader.Int32(member);
            else reader.Skip(member);
        }

        return Of(PageType.Dictionary, values, encoding);
    }

    private static PageHeader Version2(ref ThriftReader reader, WireType wire)
    {
        reader.Struct(wire);
        var (values, encoding, definition, repetition, compressed, id) = (0, 0, 0, 0, true, 0);
        while (reader.NextField(ref id, out var member))
        {
            switch (id)
            {
                case 1: values = reader.Int32(member); break;
                case 4: encoding = reader.Int32(member); break;
                case 5: definition = reader.Int32(member); break;
                case 6: repetition = reader.Int32(member); break;
                case 7: compressed = reader.Boolean(member); break;
                default: reader.Skip(member); break;
            }
        }

        if (definition < 0 || repetition < 0) throw new ParquetException("a page declares levels of negative length");
        return Of(PageType.DataV2, values, encoding) with { DefinitionLength = definition, RepetitionLength = repetition, IsCompressed = compressed };
    }

    private static PageHeader Of(PageType type, int values, int encoding) =>
        new() { Type = type, UncompressedSize = 0, CompressedSize = 0, Values = values, Encoding = (Encoding)encoding };
}
