namespace Parquet.Meta;

/// <summary>Reads the union by which newer writers annotate a column.</summary>
internal static class LogicalTypes
{
    public static LogicalType Read(ref ThriftReader reader, WireType wire, ref int scale, ref int precision)
    {
        reader.Struct(wire);
        var result = LogicalType.None;
        var id = 0;
        while (reader.NextField(ref id, out var member))
        {
            switch (id)
            {
                case 5:
                    Decimal(ref reader, member, ref scale, ref precision);
                    result = LogicalType.Decimal;
                    break;
                case 7:
                    result = Unit(ref reader, member) switch
                    {
                        1 => LogicalType.TimeMillis,
                        2 => LogicalType.TimeMicros,
                        _ => LogicalType.TimeNanos,
                    };
                    break;
                case 8:
                    result = Unit(ref reader, member) switch
                    {
                        1 => LogicalType.TimestampMillis,
                        2 => LogicalType.TimestampMicros,
                        _ => LogicalType.TimestampNanos,
                    };
                    break;
                case 10:
                    result = Integer(ref reader, member);
                    break;
                default:
                    reader.Skip(member);
                    result = id switch
                    {
                        1 or 4 or 12 => LogicalType.String,
                        2 => LogicalType.Map,
                        3 => LogicalType.List,
                        6 => LogicalType.Date,
                        14 => LogicalType.Uuid,
                        15 => LogicalType.Float16,
                        _ => LogicalType.None,
                    };
                    break;
            }
        }

        return result;
    }

    private static void Decimal(ref ThriftReader reader, WireType wire, ref int scale, ref int precision)
    {
        reader.Struct(wire);
        var id = 0;
        while (reader.NextField(ref id, out var member))
        {
            if (id == 1) scale = reader.Int32(member);
            else if (id == 2) precision = reader.Int32(member);
            else reader.Skip(member);
        }
    }

    /// <summary>The unit of a time or timestamp: 1 for milliseconds, 2 for microseconds, 3 for nanoseconds.</summary>
    private static int Unit(ref ThriftReader reader, WireType wire)
    {
        reader.Struct(wire);
        var (unit, id) = (0, 0);
        while (reader.NextField(ref id, out var member))
        {
            if (id != 2)
            {
                reader.Skip(member);
                continue;
            }

            reader.Struct(member);
            while (reader.NextField(ref unit, out var which)) reader.Skip(which);
        }

        return unit is >= 1 and <= 3 ? unit : throw new ParquetException($"the schema holds the unknown time unit {unit}");
    }

    private static LogicalType Integer(ref ThriftReader reader, WireType wire)
    {
        reader.Struct(wire);
        var (width, signed, id) = (0, true, 0);
        while (reader.NextField(ref id, out var member))
        {
            if (id == 1) width = reader.Int32(member);
            else if (id == 2) signed = reader.Boolean(member);
            else reader.Skip(member);
        }

        return (width, signed) switch
        {
            (8, true) => LogicalType.Int8,
            (16, true) => LogicalType.Int16,
            (8, false) => LogicalType.UInt8,
            (16, false) => LogicalType.UInt16,
            (32, false) => LogicalType.UInt32,
            (64, false) => LogicalType.UInt64,
            _ => LogicalType.None,
        };
    }
}
