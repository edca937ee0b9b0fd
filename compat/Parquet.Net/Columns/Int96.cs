using System.Runtime.InteropServices;

namespace Parquet.Columns;

/// <summary>The timestamp of Impala and older Spark: nanoseconds of the day, and the Julian day.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct Int96(long Nanoseconds, int JulianDay)
{
    private const int JulianDayOfUnixEpoch = 2_440_588;

    public DateTime ToDateTime() => Moments.FromTicks((long)(JulianDay - (long)JulianDayOfUnixEpoch) * TimeSpan.TicksPerDay + Nanoseconds / 100);
}
