using System.Text.Json;
using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Runs;

/// <summary>The files of a run that grow with every step: metrics.jsonl, samples.jsonl and TensorBoard's events.</summary>
internal sealed class RunLogs : IDisposable
{
    private const string MetricsFile = "metrics.jsonl", SamplesFile = "samples.jsonl";

    private readonly LineLog _metrics;
    private readonly LineLog _samples;
    private readonly EventFile _events;
    private readonly Dictionary<string, long> _earlierEvents;

    /// <param name="positions">How long each file was at the checkpoint the run goes on from; empty at the beginning.</param>
    public RunLogs(string folder, long step, IReadOnlyDictionary<string, long> positions, Action<string> warn)
    {
        _metrics = new LineLog(Path.Combine(folder, MetricsFile), positions.GetValueOrDefault(MetricsFile), warn);
        _samples = new LineLog(Path.Combine(folder, SamplesFile), positions.GetValueOrDefault(SamplesFile), warn);
        _earlierEvents = positions.Where(position => EventFile.IsOne(position.Key)).ToDictionary();
        _events = EventFile.Continue(folder, step, _earlierEvents);
    }

    public void Metrics(long step, IReadOnlyDictionary<string, double> metrics)
    {
        _metrics.Append(MetricsLine.Write(step, metrics));
        _events.Add(step, metrics);
    }

    public void Sample(object row) => _samples.Append(JsonSerializer.Serialize(row, JsonText.Lines));

    /// <summary>Puts everything on disk and tells how long each file is.</summary>
    public IReadOnlyDictionary<string, long> Flush()
    {
        _metrics.Flush();
        _samples.Flush();
        _events.Flush();
        return new Dictionary<string, long>(_earlierEvents) { [MetricsFile] = _metrics.Length, [SamplesFile] = _samples.Length, [_events.Name] = _events.Length };
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _samples.Dispose();
        _events.Dispose();
    }
}
