using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>How the numbers of the sampled responses are spread.</summary>
public static class SampleCharts
{
    private const int FewestSamples = 20;
    private const int Bins = 20;

    public static IEnumerable<Chart> Of(IReadOnlyList<SampleRow> samples)
    {
        if (Histogram("scores-histogram", "Scores", "Proxy scores of the sampled responses. A narrow peak far to the right of the reference is what exploiting a reward model looks like.", "score",
            ("reference", Finite(samples, sample => sample.ReferenceScore)), ("policy", Finite(samples, sample => sample.Score))) is { } scores) yield return scores;
        if (Histogram("kl-histogram", "KL per response", "A long tail to the right: a few responses pay for most of the drift.", "nats",
            ("policy", Finite(samples, sample => sample.Kl))) is { } kl) yield return kl;
    }

    private static Chart? Histogram(string id, string title, string description, string unit, params (string Name, double[] Values)[] groups)
    {
        var known = groups.Where(group => group.Values.Length >= FewestSamples).ToArray();
        if (known.Length == 0) return null;
        double min = known.Min(group => group.Values.Min()), max = known.Max(group => group.Values.Max());
        return new Chart
        {
            Id = id,
            Title = title,
            Description = description,
            X = new Axis { Label = unit },
            Y = new Axis { Label = "responses" },
            Marks = [.. known.Select(group => BarMark.Histogram(group.Values, Bins, min, max) with { Name = group.Name, Ink = new Ink(group.Name == "policy" ? 1 : 6) })],
        };
    }

    private static double[] Finite(IReadOnlyList<SampleRow> samples, Func<SampleRow, double> number) => [.. samples.Select(number).Where(double.IsFinite)];
}
