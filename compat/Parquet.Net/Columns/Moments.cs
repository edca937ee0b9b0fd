namespace Parquet.Columns;

/// <summary>Moments counted from the Unix epoch.</summary>
internal static class Moments
{
    /// <summary>The moment so many times <paramref name="ticksPerUnit"/> of 100 ns after the epoch.</summary>
    public static DateTime FromUnits(long units, long ticksPerUnit)
    {
        var ticks = (Int128)units * ticksPerUnit;
        return ticks >= long.MinValue && ticks <= long.MaxValue ? FromTicks((long)ticks) : throw Beyond();
    }

    public static DateTime FromTicks(long ticks) =>
        ticks >= -DateTime.UnixEpoch.Ticks && ticks <= DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks ? DateTime.UnixEpoch.AddTicks(ticks) : throw Beyond();

    /// <summary>A time of day, or a span.</summary>
    public static TimeSpan Span(long units, long ticksPerUnit)
    {
        var ticks = (Int128)units * ticksPerUnit;
        return ticks >= long.MinValue && ticks <= long.MaxValue ? new TimeSpan((long)ticks) : throw Beyond();
    }

    private static ParquetException Beyond() => new("a time lies outside the years 1 to 9999");
}
