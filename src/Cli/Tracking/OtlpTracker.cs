using System.Diagnostics.Tracing;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Rlhf.Foundation.Runs;
using Rlhf.Foundation.Tracking;

namespace Rlhf.Cli.Tracking;

/// <summary>A run's gauges, sent to an OpenTelemetry collector from time to time and at the end.</summary>
internal sealed class OtlpTracker : ITracker
{
    private const int LastWait = 5000, Timeout = 5000;

    private readonly MeterTracker _meter;
    private readonly MeterProvider _provider;
    private readonly Complaints _complaints = new();
    private readonly Uri _address;
    private readonly TrackedRun _run;
    private bool _warned;

    public OtlpTracker(Uri address, TimeSpan every, TrackedRun run)
    {
        (_address, _run) = (address, run);
        _provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService("rlhf", serviceInstanceId: run.Name))
            .AddMeter(MeterTracker.MeterName)
            .AddOtlpExporter((exporter, reader) =>
            {
                exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
                exporter.Endpoint = new Uri(address.AbsoluteUri.TrimEnd('/') + "/v1/metrics");
                exporter.TimeoutMilliseconds = Timeout;
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = Math.Max(1, (int)every.TotalMilliseconds);
            })
            .Build();
        _meter = new MeterTracker(run);
    }

    public void Log(long step, IReadOnlyDictionary<string, double> metrics)
    {
        WarnOnce();
        _meter.Log(step, metrics);
    }

    public void End(RunEnding ending)
    {
        _meter.End(ending);
        if (!_provider.ForceFlush(LastWait)) _complaints.Last ??= "it did not take the last numbers";
        WarnOnce();
    }

    public void Dispose()
    {
        _meter.Dispose();
        _provider.Dispose();
        _complaints.Dispose();
    }

    private void WarnOnce()
    {
        if (_warned || _complaints.Last is not { } said) return;
        _warned = true;
        _run.Warn($"OpenTelemetry at {_address}: {said}; the run goes on");
    }

    /// <summary>The exporter tells its failures to .NET's event log alone.</summary>
    private sealed class Complaints : EventListener
    {
        private const int MostSaid = 200;

        private volatile string? _last;

        public string? Last
        {
            get => _last;
            set => _last = value;
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "OpenTelemetry-Exporter-OpenTelemetryProtocol") EnableEvents(eventSource, EventLevel.Error);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            var said = string.Join(' ', eventData.Payload?.Select(part => part?.ToString()) ?? []).ReplaceLineEndings(" ");
            _last = said.Length <= MostSaid ? said : said[..MostSaid] + "…";
        }
    }
}
