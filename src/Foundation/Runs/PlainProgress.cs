using System.Diagnostics;
using System.Globalization;

namespace Rlhf.Foundation.Runs;

/// <summary>Progress as plain lines, a few per minute: for log files and terminals without colours.</summary>
public sealed class PlainProgress(TextWriter output) : IProgressSink
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly WarningList _warnings = new();
    private readonly Stopwatch _sinceLine = new();
    private string _title = "";
    private string _metrics = "";
    private Pace? _pace;

    public void Begin(string title, long total, long done)
    {
        (_title, _metrics, _pace) = (title, "", new Pace(total, done));
        _sinceLine.Restart();
        output.WriteLine(done > 0 ? $"{title}: going on after {done} of {total}" : $"{title}: {total} to do");
    }

    public void Advance(long done, IReadOnlyDictionary<string, double> metrics)
    {
        if (_pace is null) return;
        var isFirst = _pace.Rate == 0;
        _pace.Done = done;
        if (metrics.Count > 0) _metrics = string.Join("  ", metrics.Take(8).Select(metric => string.Create(CultureInfo.InvariantCulture, $"{metric.Key} {metric.Value:G4}")));
        if (isFirst || done == _pace.Total || _sinceLine.Elapsed >= Interval) Line();
    }

    public void End() => _pace = null;

    public void Note(string line) => output.WriteLine(line);

    public void Warn(string line)
    {
        if (_warnings.Add(line)) output.WriteLine($"warning: {line}");
    }

    public void Dispose()
    {
        if (_warnings.All.Count == 0) return;
        output.WriteLine("warnings of this run:");
        foreach (var line in _warnings.All) output.WriteLine($"  {line}");
    }

    private void Line()
    {
        _sinceLine.Restart();
        string[] parts = [$"{_title} {_pace!.Done}/{_pace.Total}", _pace.RateText, _pace.TimeText, _metrics];
        output.WriteLine(string.Join("  ", parts.Where(part => part.Length > 0)));
    }
}
