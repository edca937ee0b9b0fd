namespace Parquet.Meta;

/// <summary>One node of the schema as the footer lists it, depth first.</summary>
internal sealed record SchemaElement
{
    public PhysicalType? Type { get; init; }

    /// <summary>Bytes of a fixed-length value.</summary>
    public int Length { get; init; }

    public Repetition Repetition { get; init; }

    public required string Name { get; init; }

    public int Children { get; init; }

    public LogicalType Logical { get; init; }

    public int Scale { get; init; }

    public int Precision { get; init; }

    public static SchemaElement Read(ref ThriftReader reader)
    {
        (PhysicalType? type, var length, var repetition, string? name, var children) = (null, 0, Repetition.Required, null, 0);
        (var converted, var annotated, var scale, var precision) = (LogicalType.None, LogicalType.None, 0, 0);
        var id = 0;
        while (reader.NextField(ref id, out var wire))
        {
            switch (id)
            {
                case 1: type = Known((PhysicalType)reader.Int32(wire), "physical type"); break;
                case 2: length = reader.Int32(wire); break;
                case 3: repetition = Known((Repetition)reader.Int32(wire), "repetition"); break;
                case 4: name = reader.Text(wire); break;
                case 5: children = reader.Int32(wire); break;
                case 6: converted = Of((ConvertedType)reader.Int32(wire)); break;
                case 7: scale = reader.Int32(wire); break;
                case 8: precision = reader.Int32(wire); break;
                case 10: annotated = LogicalTypes.Read(ref reader, wire, ref scale, ref precision); break;
                default: reader.Skip(wire); break;
            }
        }

        return new SchemaElement
        {
            Type = type,
            Length = length,
            Repetition = repetition,
            Name = name ?? throw new ParquetException("a schema element has no name"),
            Children = children,
            Logical = annotated == LogicalType.None ? converted : annotated,
            Scale = scale,
            Precision = precision,
        };
    }

    public void Write(ThriftWriter writer)
    {
        var id = 0;
        if (Type is { } type) writer.Int32(ref id, 1, (int)type);
        if (Length > 0) writer.Int32(ref id, 2, Length);
        writer.Int32(ref id, 3, (int)Repetition);
        writer.Text(ref id, 4, Name);
        if (Children > 0) writer.Int32(ref id, 5, Children);
        // Both annotations: old readers know only the converted type.
        if (Logical == LogicalType.String) WriteAnnotation(writer, ref id, ConvertedType.Utf8, 1);
        if (Logical == LogicalType.List) WriteAnnotation(writer, ref id, ConvertedType.List, 3);
        writer.Stop();
    }

    private static void WriteAnnotation(ThriftWriter writer, ref int id, ConvertedType converted, int logical)
    {
        writer.Int32(ref id, 6, (int)converted);
        writer.Struct(ref id, 10);
        var member = 0;
        writer.Struct(ref member, logical);
        writer.Stop();
        writer.Stop();
    }

    private static T Known<T>(T value, string what) where T : struct, Enum =>
        Enum.IsDefined(value) ? value : throw new ParquetException($"the schema holds the unknown {what} {value}");

    private static LogicalType Of(ConvertedType converted) => converted switch
    {
        ConvertedType.Utf8 or ConvertedType.Enum or ConvertedType.Json => LogicalType.String,
        ConvertedType.Map or ConvertedType.MapKeyValue => LogicalType.Map,
        ConvertedType.List => LogicalType.List,
        ConvertedType.Decimal => LogicalType.Decimal,
        ConvertedType.Date => LogicalType.Date,
        ConvertedType.TimeMillis => LogicalType.TimeMillis,
        ConvertedType.TimeMicros => LogicalType.TimeMicros,
        ConvertedType.TimestampMillis => LogicalType.TimestampMillis,
        ConvertedType.TimestampMicros => LogicalType.TimestampMicros,
        ConvertedType.UInt8 => LogicalType.UInt8,
        ConvertedType.UInt16 => LogicalType.UInt16,
        ConvertedType.UInt32 => LogicalType.UInt32,
        ConvertedType.UInt64 => LogicalType.UInt64,
        ConvertedType.Int8 => LogicalType.Int8,
        ConvertedType.Int16 => LogicalType.Int16,
        _ => LogicalType.None,
    };
}
