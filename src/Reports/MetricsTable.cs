using System.Text;
using Rlhf.Foundation.Data;

namespace Rlhf.Reports;

/// <summary>One metric: the lines that have it and what they say; NaN where a line says that it is no number.</summary>
public sealed record MetricSeries(IReadOnlyList<int> Rows, IReadOnlyList<double> Values)
{
    public int NotFinite => Values.Count(value => !double.IsFinite(value));

    /// <summary>The mean over the first or last tenth, at least one: single steps are noisy.</summary>
    public double Early => MeanOf(Values.Take(Tenth));

    public double Late => MeanOf(Values.TakeLast(Tenth));

    private int Tenth => Math.Max(1, Values.Count / 10);

    private static double MeanOf(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
}

/// <summary>The content of a metrics.jsonl.</summary>
public sealed class MetricsTable(IReadOnlyList<double> steps, IReadOnlyDictionary<string, MetricSeries> series)
{
    public static readonly MetricsTable Empty = new([], new Dictionary<string, MetricSeries>());

    /// <summary>The step of each line.</summary>
    public IReadOnlyList<double> Steps { get; } = steps;

    /// <summary>In the order in which the file first has them, without the step.</summary>
    public IReadOnlyList<string> Names { get; } = [.. series.Keys];

    /// <summary>Null where no line has a number under this name.</summary>
    public MetricSeries? Find(string name) =>
        series.TryGetValue(name, out var found) && found.Values.Any(double.IsFinite) ? found : null;

    /// <summary>Metrics that are NaN or infinite somewhere, with how often.</summary>
    public IEnumerable<(string Name, int Count)> NotFinite =>
        series.Where(metric => metric.Value.NotFinite > 0).Select(metric => (metric.Key, metric.Value.NotFinite));

    /// <summary>All of it with a column per metric.</summary>
    public string ToCsv()
    {
        var rows = Steps.Select(step => new List<string> { Csv.Number(step) }).ToArray();
        foreach (var (column, name) in Names.Index())
        {
            var metric = series[name];
            for (var i = 0; i < metric.Rows.Count; i++)
            {
                var row = rows[metric.Rows[i]];
                while (row.Count <= column) row.Add("");
                row.Add(Csv.Number(metric.Values[i]));
            }
        }

        var text = new StringBuilder(Csv.Line([MetricNames.Step, .. Names]));
        foreach (var row in rows) text.Append(Csv.Line(row.Concat(Enumerable.Repeat("", Names.Count + 1 - row.Count))));
        return text.ToString();
    }
}
