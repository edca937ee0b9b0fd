using Parquet.Meta;

namespace Parquet.Schema;

/// <summary>How the values of a column lie in the file, what they mean, and what they become.</summary>
internal sealed record ColumnType(PhysicalType Physical, LogicalType Logical, int Length = 0, int Scale = 0)
{
    /// <summary>The type of values in memory. What a column means counts only where it fits how it lies in the file.</summary>
    public Type Clr => (Physical, Logical) switch
    {
        (PhysicalType.Boolean, _) => typeof(bool),
        (PhysicalType.Int32, LogicalType.Int8) => typeof(sbyte),
        (PhysicalType.Int32, LogicalType.UInt8) => typeof(byte),
        (PhysicalType.Int32, LogicalType.Int16) => typeof(short),
        (PhysicalType.Int32, LogicalType.UInt16) => typeof(ushort),
        (PhysicalType.Int32, LogicalType.UInt32) => typeof(uint),
        (PhysicalType.Int32, LogicalType.Date) => typeof(DateTime),
        (PhysicalType.Int32, LogicalType.TimeMillis) => typeof(TimeSpan),
        (PhysicalType.Int64, LogicalType.TimeMicros or LogicalType.TimeNanos) => typeof(TimeSpan),
        (PhysicalType.Int64, LogicalType.TimestampMillis or LogicalType.TimestampMicros or LogicalType.TimestampNanos) => typeof(DateTime),
        (PhysicalType.Int64, LogicalType.UInt64) => typeof(ulong),
        (PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.ByteArray or PhysicalType.FixedLenByteArray, LogicalType.Decimal) => typeof(decimal),
        (PhysicalType.Int32, _) => typeof(int),
        (PhysicalType.Int64, _) => typeof(long),
        (PhysicalType.Int96, _) => typeof(DateTime),
        (PhysicalType.Float, _) => typeof(float),
        (PhysicalType.Double, _) => typeof(double),
        (PhysicalType.ByteArray, LogicalType.String) => typeof(string),
        (PhysicalType.FixedLenByteArray, LogicalType.Uuid) when Length == 16 => typeof(Guid),
        (PhysicalType.FixedLenByteArray, LogicalType.Float16) when Length == 2 => typeof(float),
        _ => typeof(byte[]),
    };

    /// <summary>How values of a type are written.</summary>
    public static ColumnType Of(Type type) => type switch
    {
        _ when type == typeof(bool) => new ColumnType(PhysicalType.Boolean, LogicalType.None),
        _ when type == typeof(int) => new ColumnType(PhysicalType.Int32, LogicalType.None),
        _ when type == typeof(long) => new ColumnType(PhysicalType.Int64, LogicalType.None),
        _ when type == typeof(float) => new ColumnType(PhysicalType.Float, LogicalType.None),
        _ when type == typeof(double) => new ColumnType(PhysicalType.Double, LogicalType.None),
        _ when type == typeof(string) => new ColumnType(PhysicalType.ByteArray, LogicalType.String),
        _ when type == typeof(byte[]) => new ColumnType(PhysicalType.ByteArray, LogicalType.None),
        _ => throw new NotSupportedException($"columns of {type.Name} cannot be written; bool, int, long, float, double, string and byte[] can"),
    };
}
