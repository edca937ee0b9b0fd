using System.Text.RegularExpressions;
using Rlhf.Evaluation;
using Rlhf.Rewards.Evaluation;

namespace Rlhf.Cli.Sweeps;

/// <summary>A run that went wrong, how, and what the diagnosis said while it did.</summary>
public sealed record WrongRun(string Name, string How, string Diagnosis);

/// <summary>How runs of one setting end that differ by their seed alone.</summary>
/// <param name="Group">what they share</param>
/// <param name="Above">share of them whose last checkpoint scores above the reference: by gold where there is one</param>
/// <param name="Gains">of the last checkpoints, from the worst</param>
/// <param name="Kl">of the same, from the least</param>
public sealed partial record SeedSummary(string Group, int Seeds, Proportion Above, IReadOnlyList<double> Gains, IReadOnlyList<double> Kl, IReadOnlyList<WrongRun> Wrong)
{
    /// <summary>Of fewer runs nothing is said.</summary>
    public const int FewestSeeds = 3;

    /// <summary>A KL of so many times the median is no spread any more.</summary>
    private const double FarKl = 3;

    /// <summary>Every group of a sweep with seeds enough; what fails counts as below the reference.</summary>
    public static IReadOnlyList<SeedSummary> Of(SweepResult sweep) =>
    [
        .. sweep.Entries.Where(entry => entry.State.Status is PointStatus.Done or PointStatus.Failed).GroupBy(entry => Shared(sweep, entry)).Where(group => group.Count() >= FewestSeeds)
            .Select(group => Of(group.Key.Length > 0 ? group.Key : sweep.Name, sweep, [.. group])),
    ];

    private static SeedSummary Of(string name, SweepResult sweep, SweepEntry[] entries)
    {
        var last = entries.Select(entry => (Entry: entry, Point: entry.Run.Curve?.Points.MaxBy(point => point.Step))).ToArray();
        double[] gains = [.. last.Where(one => one.Point is not null).Select(one => Gain(one.Point!).Value).Where(double.IsFinite).Order()];
        double[] kl = [.. last.Where(one => one.Point is not null).Select(one => one.Point!.Kl.Best.Value).Where(double.IsFinite).Order()];
        var usual = Bootstrap.Quantile(kl, 0.5);
        return new SeedSummary(name, entries.Length, Proportion.Of(gains.Count(gain => gain > 0), entries.Length), gains, kl,
            [.. last.Select(one => (one.Entry, How: How(one.Entry, one.Point, usual))).Where(one => one.How is not null).Select(one => new WrongRun(one.Entry.State.Name, one.How!, Diagnosis(sweep.Folder, one.Entry)))]);
    }

    /// <summary>What an entry has in common with its other seeds. Within a case only what the grid varies tells runs apart.</summary>
    private static string Shared(SweepResult sweep, SweepEntry entry)
    {
        var alike = sweep.Entries.Where(other => other.State.Case == entry.State.Case).ToArray();
        var keys = sweep.Varying.Where(key => key != "seed" && alike.Select(other => other.State.Settings.GetValueOrDefault(key)).Distinct().Count() > 1);
        string?[] parts = [entry.State.Case, .. keys.Select(key => $"{key} = {entry.State.Settings.GetValueOrDefault(key, "default")}")];
        return string.Join(", ", parts.OfType<string>());
    }

    private static string? How(SweepEntry entry, CurvePoint? point, double usualKl)
    {
        if (entry.State.Status == PointStatus.Failed) return $"failed in {entry.State.Stage}";
        if (point is null) return "has no curve";
        if (!double.IsFinite(Gain(point).Value) || !double.IsFinite(point.Kl.Best.Value)) return "ends in numbers that are none";
        if (Gain(point).High < 0) return "ends below the reference";
        return point.Kl.Best.Value > FarKl * usualKl ? $"ends at {FarKl:0} times the usual KL or more" : null;
    }

    private static Estimate Gain(CurvePoint point) => point.GoldGain ?? point.ProxyGain;

    /// <summary>What training said first, as its log has it.</summary>
    private static string Diagnosis(string folder, SweepEntry entry)
    {
        var log = Path.Combine(folder, entry.State.Name, "log.txt");
        if (entry.State.Error is { } error) return error;
        return File.Exists(log) ? File.ReadLines(log).Select(line => Advice().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value ?? "its metrics showed no known symptom" : "its log is not there";
    }

    [GeneratedRegex(@"^warning: (step \d+: .*)$")]
    private static partial Regex Advice();
}
