using System.Text.Json;

namespace Rlhf.Reports;

/// <summary>Reads metrics.jsonl.</summary>
public sealed class MetricsFile
{
    private readonly List<double> _steps = [];
    private readonly Dictionary<string, (List<int> Rows, List<double> Values)> _series = [];

    private MetricsFile() { }

    /// <param name="path">May be missing.</param>
    /// <param name="notes">Gets a line for everything that is wrong with the file.</param>
    public static MetricsTable Read(string path, ICollection<string> notes)
    {
        var name = Path.GetFileName(path);
        if (!File.Exists(path))
        {
            notes.Add($"{name} is missing: there is nothing to draw the course of training from.");
            return MetricsTable.Empty;
        }

        var file = new MetricsFile();
        JsonLineFile.Read(path, file.Add, notes);
        var table = new MetricsTable(file._steps, file._series.ToDictionary(metric => metric.Key, metric => new MetricSeries(metric.Value.Rows, metric.Value.Values)));
        if (table.Steps.Count == 0) notes.Add($"{name} holds no step.");
        foreach (var (metric, count) in table.NotFinite)
            notes.Add($"{name}: {metric} is not a number at {count} of {table.Steps.Count} steps; its line is broken there.");
        return table;
    }

    private void Add(JsonElement row)
    {
        foreach (var field in row.EnumerateObject())
        {
            if (field.Name == MetricNames.Step || field.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array) continue;
            if (!_series.TryGetValue(field.Name, out var series)) _series[field.Name] = series = ([], []);
            if (series.Rows.Count > 0 && series.Rows[^1] == _steps.Count) continue;   // a name twice in one line
            series.Rows.Add(_steps.Count);
            series.Values.Add(JsonFields.Number(field.Value));
        }

        var step = row.Number(MetricNames.Step);
        _steps.Add(double.IsFinite(step) ? step : _steps.Count + 1);
    }
}
