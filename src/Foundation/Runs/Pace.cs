using System.Diagnostics;
using System.Globalization;

namespace Rlhf.Foundation.Runs;

/// <summary>Rate and time left of one piece of work, from what this session did.</summary>
internal sealed class Pace
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly long _before;

    public Pace(long total, long before) => (Total, Done, _before) = (total, before, before);

    public long Total { get; }

    public long Done { get; set; }

    public double Rate => Done > _before ? (Done - _before) / _watch.Elapsed.TotalSeconds : 0;

    public TimeSpan? Left => Rate > 0 ? TimeSpan.FromSeconds(Math.Max(0, Total - Done) / Rate) : null;

    public string RateText =>
        Rate == 0 ? ""
        : Rate >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{Rate:0.0}/s")
        : string.Create(CultureInfo.InvariantCulture, $"{1 / Rate:0.0} s each");

    /// <summary>Time left, or taken when all is done.</summary>
    public string TimeText => Done >= Total ? $"in {Duration(_watch.Elapsed)}" : Left is { } left ? $"{Duration(left)} left" : "";

    public static string Duration(TimeSpan span) =>
        span.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}h{span.Minutes:00}m")
        : span.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{span.Minutes}m{span.Seconds:00}s")
        : string.Create(CultureInfo.InvariantCulture, $"{span.Seconds}s");
}
