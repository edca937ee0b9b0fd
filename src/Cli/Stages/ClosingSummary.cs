using System.Globalization;
using Rlhf.Evaluation;
using Rlhf.Reports;
using Rlhf.Reports.Charts;

namespace Rlhf.Cli.Stages;

/// <summary>A number before and after training.</summary>
internal sealed record Change(string Name, double Before, double After);

/// <summary>What a finished pipeline says at its end: scores before and after, drift, win rate, two sample pairs, the report's place.</summary>
internal sealed record ClosingSummary
{
    private const int Pairs = 2;

    public required IReadOnlyList<Change> Changes { get; init; }

    /// <summary>Share of prompts on which the policy beats the reference; null where no curve was evaluated.</summary>
    public double? WinRate { get; init; }

    /// <summary>Held-out accuracy of the reward model, and what label noise allows.</summary>
    public double? RewardAccuracy { get; init; }

    public double? RewardCeiling { get; init; }

    public required IReadOnlyList<SampleRow> Samples { get; init; }

    public required string Headline { get; init; }

    public required string Report { get; init; }

    public required double Seconds { get; init; }

    public static ClosingSummary Of(string folder, string report, Verdict verdict, double seconds)
    {
        var run = RunReader.Read(folder);
        var point = run.Curve is { } curve ? verdict.Recommended ?? curve.Points.MaxBy(one => one.Step) : null;
        return new ClosingSummary
        {
            Changes = [.. point is null ? OfTraining(run) : OfCurve(run.Curve!, point)],
            WinRate = (point?.GoldWinRate ?? point?.ProxyWinRate)?.Value,
            RewardAccuracy = run.Trust?.Accuracy.Value,
            RewardCeiling = run.Trust?.Gold?.Ceiling.Value,
            Samples = [.. Sampled(run, point).Take(Pairs)],
            Headline = verdict.Headline,
            Report = Path.GetFullPath(report),
            Seconds = seconds,
        };
    }

    public void Write(TextWriter output)
    {
        output.WriteLine($"\n{"",-34}{"before",10}{"after",10}");
        foreach (var change in Changes) output.WriteLine($"{change.Name,-34}{NumberFormat.Value(change.Before),10}{NumberFormat.Value(change.After),10}");
        if (WinRate is { } wins) output.WriteLine($"{"wins against the reference",-44}{NumberFormat.Percent(wins),10}");
        if (RewardAccuracy is { } accuracy)
            output.WriteLine($"{"reward model, held-out accuracy",-44}{NumberFormat.Percent(accuracy, 1),10}{(RewardCeiling is { } most ? $"  (label noise allows {NumberFormat.Percent(most, 1)})" : "")}");
        foreach (var sample in Samples) Write(output, sample);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{Headline}\n{TimeSpan.FromSeconds(Seconds):m\\:ss} this time; report: {Report}"));
    }

    private static void Write(TextWriter output, SampleRow sample)
    {
        output.WriteLine($"\n  {sample.Prompt.Trim()}");
        if (sample.ReferenceResponse is { } before) output.WriteLine($"    before {Scores(sample.ReferenceScore, sample.ReferenceGold)} {before.Trim()}");
        output.WriteLine($"    after  {Scores(sample.Score, sample.Gold)} {sample.Response.Trim()}");
    }

    private static string Scores(double score, double gold) =>
        $"[{NumberFormat.Value(score)}{(double.IsFinite(gold) ? $", gold {NumberFormat.Value(gold)}" : "")}]";

    private static IEnumerable<Change> OfCurve(Curve curve, CurvePoint after)
    {
        var before = curve.Reference;
        if (before.Gold is { } gold && after.Gold is { } reached) yield return new("gold score", gold.Value, reached.Value);
        yield return new("reward model's score", before.Proxy.Value, after.Proxy.Value);
        yield return new("KL from the reference (nats)", 0, after.Kl.Best.Value);
        yield return new("response tokens", before.Length.Value, after.Length.Value);
    }

    private static IEnumerable<Change> OfTraining(ReportRun run)
    {
        foreach (var (metric, name) in new[] { (MetricNames.RawScore, "reward model's score"), (MetricNames.Kl, "KL from the reference (nats)"), (MetricNames.Length, "response tokens") })
            if (run.Policy?.Metrics.Find(metric) is { } series)
                yield return new(name, series.Early, series.Late);
    }

    private static IEnumerable<SampleRow> Sampled(ReportRun run, CurvePoint? point)
    {
        var steps = run.Samples.Select(sample => sample.Step).ToHashSet();
        if (steps.Count == 0) return [];
        var step = point is not null && steps.Contains(point.Step) ? point.Step : steps.Max();
        return run.Samples.Where(sample => sample.Step == step);
    }
}
