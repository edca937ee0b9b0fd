namespace Parquet.Meta;

/// <summary>The columns of one row group.</summary>
internal sealed record RowGroup
{
    public required IReadOnlyList<ColumnChunk> Columns { get; init; }

    public required long Rows { get; init; }

    public static RowGroup Read(ref ThriftReader reader)
    {
        var columns = new List<ColumnChunk>();
        long? rows = null;
        var id = 0;
        while (reader.NextField(ref id, out var wire))
        {
            switch (id)
            {
                case 1:
                    for (var left = reader.List(wire, out var element); left > 0; left--)
                    {
                        reader.Struct(element);
                        columns.Add(ColumnChunk.Read(ref reader));
                    }

                    break;
                case 3: rows = reader.Int64(wire); break;
                default: reader.Skip(wire); break;
            }
        }

        return new RowGroup { Columns = columns, Rows = rows is >= 0 ? rows.Value : throw new ParquetException($"a row group declares {rows?.ToString() ?? "no"} rows") };
    }

    public void Write(ThriftWriter writer)
    {
        var id = 0;
        writer.List(ref id, 1, WireType.Struct, Columns.Count);
        foreach (var column in Columns) column.Write(writer);
        writer.Int64(ref id, 2, Columns.Sum(column => column.UncompressedSize));
        writer.Int64(ref id, 3, Rows);
        writer.Int64(ref id, 5, Columns.Count > 0 ? Columns[0].Start : 0);
        writer.Int64(ref id, 6, Columns.Sum(column => column.CompressedSize));
        writer.Stop();
    }
}
