using System.Diagnostics.Metrics;
using Rlhf.Foundation.Runs;

namespace Rlhf.Foundation.Tracking;

/// <summary>
/// A run's numbers as gauges <c>rlhf.NAME</c> of .NET's own metrics, with the run and its stage as tags: whatever listens to the
/// meter <see cref="MeterName"/> (OpenTelemetry, dotnet-counters) sees them. Between two readings only a gauge's last value counts.
/// </summary>
public sealed class MeterTracker(TrackedRun run) : ITracker
{
    public const string MeterName = "Rlhf";

    private readonly Meter _meter = new(MeterName);
    private readonly KeyValuePair<string, object?>[] _tags = [new("run", run.Name), new("stage", run.Stage)];
    private readonly Dictionary<string, Gauge<double>> _gauges = [];

    public void Log(long step, IReadOnlyDictionary<string, double> metrics)
    {
        Record("step", step);
        foreach (var (name, value) in metrics)
            if (double.IsFinite(value)) Record(name, value);
    }

    public void End(RunEnding ending) => Record("ended", (int)ending);

    public void Dispose() => _meter.Dispose();

    private void Record(string name, double value)
    {
        if (!_gauges.TryGetValue(name, out var gauge)) _gauges[name] = gauge = _meter.CreateGauge<double>("rlhf." + name);
        gauge.Record(value, _tags);
    }
}
