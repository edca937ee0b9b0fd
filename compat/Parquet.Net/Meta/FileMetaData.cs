namespace Parquet.Meta;

/// <summary>The footer: schema, row groups, free metadata.</summary>
internal sealed record FileMetaData
{
    public required IReadOnlyList<SchemaElement> Schema { get; init; }

    public required long Rows { get; init; }

    public required IReadOnlyList<RowGroup> RowGroups { get; init; }

    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    public static FileMetaData Read(ReadOnlySpan<byte> footer)
    {
        var reader = new ThriftReader(footer);
        var schema = new List<SchemaElement>();
        var groups = new List<RowGroup>();
        Dictionary<string, string> metadata = [];
        long? rows = null;
        var id = 0;
        while (reader.NextField(ref id, out var wire))
        {
            switch (id)
            {
                case 2:
                    for (var left = reader.List(wire, out var element); left > 0; left--)
                    {
                        reader.Struct(element);
                        schema.Add(SchemaElement.Read(ref reader));
                    }

                    break;
                case 3: rows = reader.Int64(wire); break;
                case 4:
                    for (var left = reader.List(wire, out var element); left > 0; left--)
                    {
                        reader.Struct(element);
                        groups.Add(RowGroup.Read(ref reader));
                    }

                    break;
                case 5: metadata = KeyValues.Read(ref reader, wire); break;
                case 8: throw new ParquetException("the file is encrypted; this is not supported");
                default: reader.Skip(wire); break;
            }
        }

        var counted = groups.Aggregate(0L, (sum, group) => unchecked(sum + group.Rows));
        if (rows != counted) throw new ParquetException($"the footer declares {rows?.ToString() ?? "no"} rows, its row groups {counted}");
        return new FileMetaData { Schema = schema, Rows = counted, RowGroups = groups, Metadata = metadata };
    }

    public ReadOnlyMemory<byte> Write()
    {
        var writer = new ThriftWriter();
        var id = 0;
        writer.Int32(ref id, 1, 1);
        writer.List(ref id, 2, WireType.Struct, Schema.Count);
        foreach (var element in Schema) element.Write(writer);
        writer.Int64(ref id, 3, Rows);
        writer.List(ref id, 4, WireType.Struct, RowGroups.Count);
        foreach (var group in RowGroups) group.Write(writer);
        KeyValues.Write(writer, ref id, 5, Metadata);
        writer.Text(ref id, 6, "Rlhf Parquet.Net drop-in version 1.0.0");
        writer.Stop();
        return writer.Written;
    }
}
