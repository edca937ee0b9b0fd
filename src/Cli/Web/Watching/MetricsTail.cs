using System.Text.Json;
using Rlhf.Ppo;
using Rlhf.Reports;

namespace Rlhf.Cli.Web.Watching;

/// <summary>A word of advice, and the step at which its reason began.</summary>
internal sealed record Advice(double Step, string Text);

/// <summary>
/// A metrics.jsonl that somebody may be writing: read once, and from then on what has come to it. Of a run that went back
/// to a checkpoint the lines behind it are gone, and it begins anew. Safe for several threads.
/// </summary>
internal sealed class MetricsTail(string path, TimeProvider clock)
{
    private const int Part = 1 << 20;

    private static readonly TimeSpan s_fresh = TimeSpan.FromMilliseconds(150);
    private static readonly string[] s_diagnosed = ["kl", "ratio_mean", "ratio_max", "skipped_minibatches", "entropy", "eos_rate", "repetition", "raw_score_std"];

    private readonly Lock _gate = new();
    private readonly List<double> _steps = [];
    private readonly Dictionary<string, List<float>> _columns = [];
    private readonly List<Advice> _advice = [];
    private Diagnosis _diagnosis = new();
    private long _offset;
    private byte[] _last = [];
    private long? _looked;
    private (long Time, double Step)? _first;

    /// <summary>How often it has begun anew.</summary>
    public int Generation { get; private set; }

    /// <summary>By the clock that never goes back.</summary>
    public long Used { get; private set; }

    /// <summary>Looks for new lines, unless somebody has just done so.</summary>
    public void Refresh()
    {
        lock (_gate)
        {
            Used = clock.GetTimestamp();
            if (_looked is { } looked && clock.GetElapsedTime(looked, Used) < s_fresh) return;
            _looked = Used;
            try
            {
                using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
                if (!Continues(stream)) Forget();
                ReadFrom(stream);
            }
            catch (IOException)
            {
                // Not there, or no longer: what was read stays.
            }

            if (_steps.Count > 0) _first ??= (Used, _steps[^1]);
        }
    }

    /// <summary>The values of some metrics from a row on, with the number of rows there are then; NaN where a row has none.</summary>
    public MetricRows Rows(IReadOnlyCollection<string> names, int from = 0)
    {
        lock (_gate)
        {
            from = Math.Clamp(from, 0, _steps.Count);
            return new MetricRows(Generation, from, _steps[from..], names.Where(_columns.ContainsKey).ToDictionary(name => name, name => Padded(_columns[name])[from..]));
        }
    }

    public IReadOnlyList<Advice> Advice()
    {
        lock (_gate) return [.. _advice];
    }

    /// <summary>As reports read it.</summary>
    public MetricsTable Table(IReadOnlyCollection<string> names)
    {
        var rows = Rows(names);
        return new MetricsTable(rows.Steps, rows.Series.ToDictionary(one => one.Key, one => new MetricSeries([.. Enumerable.Range(0, one.Value.Count)], [.. one.Value.Select(value => (double)value)])));
    }

    /// <summary>Seconds of a step: as the run says, else as they pass by; null where neither is known.</summary>
    public double? SecondsPerStep()
    {
        const int recent = 20;
        lock (_gate)
        {
            var phases = _columns.Where(column => column.Key.StartsWith("seconds_", StringComparison.Ordinal)).ToArray();
            if (phases.Length > 0) return phases.Sum(column => (double)column.Value.TakeLast(recent).Where(float.IsFinite).DefaultIfEmpty(0).Average());
            return _first is { } first && _steps.Count > 0 && _steps[^1] > first.Step ? clock.GetElapsedTime(first.Time, Used).TotalSeconds / (_steps[^1] - first.Step) : null;
        }
    }

    // Where the last line that was read no longer stands where it stood, the file is another.
    private bool Continues(FileStream stream)
    {
        if (stream.Length < _offset) return false;
        if (_last.Length == 0) return true;
        var there = new byte[_last.Length];
        stream.Position = _offset - _last.Length;
        stream.ReadExactly(there);
        return there.AsSpan().SequenceEqual(_last);
    }

    private void Forget()
    {
        _offset = 0;
        _last = [];
        _diagnosis = new Diagnosis();
        _first = null;
        _steps.Clear();
        _columns.Clear();
        _advice.Clear();
        Generation++;
    }

    private void ReadFrom(FileStream stream)
    {
        stream.Position = _offset;
        var buffer = new byte[(int)Math.Min(Part, stream.Length - _offset)];
        var held = 0;
        for (int read; (read = stream.Read(buffer, held, buffer.Length - held)) > 0;)
        {
            held += read;
            var start = 0;
            for (int length; (length = buffer.AsSpan(start, held - start).IndexOf((byte)'\n')) >= 0; start += length + 1)
            {
                Add(buffer.AsMemory(start, length));
                _last = buffer[start..(start + length + 1)];
            }

            _offset += start;
            buffer.AsSpan(start, held - start).CopyTo(buffer);
            held -= start;
            if (held == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    private void Add(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return;
            var row = new Dictionary<string, double>();
            foreach (var field in document.RootElement.EnumerateObject()) row[field.Name] = field.Value.ValueKind == JsonValueKind.Number ? field.Value.GetDouble() : double.NaN;
            if (!row.Remove("step", out var step)) step = _steps.Count + 1;
            _steps.Add(step);
            foreach (var (name, value) in row)
            {
                if (!_columns.TryGetValue(name, out var column)) _columns[name] = column = [];
                while (column.Count < _steps.Count - 1) column.Add(float.NaN);
                if (column.Count < _steps.Count) column.Add((float)value);
            }

            if (Array.TrueForAll(s_diagnosed, row.ContainsKey)) _advice.AddRange(_diagnosis.Of(row).Select(text => new Advice(step, text)));
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException)   // the second: half a surrogate pair in a name
        {
            // A damaged line; its neighbours are still numbers.
        }
    }

    private List<float> Padded(List<float> column)
    {
        while (column.Count < _steps.Count) column.Add(float.NaN);
        return column;
    }
}

/// <summary>Some rows of some metrics.</summary>
internal sealed record MetricRows(int Generation, int From, IReadOnlyList<double> Steps, IReadOnlyDictionary<string, List<float>> Series);
