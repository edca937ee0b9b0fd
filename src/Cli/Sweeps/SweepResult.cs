using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Reports;

namespace Rlhf.Cli.Sweeps;

/// <summary>A point with what its runs left behind.</summary>
public sealed record SweepEntry(PointState State, ReportRun Run)
{
    /// <summary>The checkpoint of the best gold score, or of the best proxy score without gold; null where no curve was evaluated.</summary>
    public CurvePoint? Best => Run.Curve?.Points
        .Where(point => double.IsFinite((point.GoldGain ?? point.ProxyGain).Value))
        .MaxBy(point => (point.GoldGain ?? point.ProxyGain).Value);
}

/// <summary>A sweep's directory, read.</summary>
public sealed record SweepResult(string Name, string Folder, IReadOnlyList<SweepEntry> Entries)
{
    /// <summary>All comparable curves as one; null where there is none.</summary>
    public Curve? Curve { get; } = Merged(Entries);

    /// <summary>Points evaluated on other prompts than the first: they cannot be compared.</summary>
    public IReadOnlyList<SweepEntry> Incomparable { get; } =
        [.. Entries.Where(entry => entry.Run.Curve is { } curve && curve.Prompts != Entries.First(first => first.Run.Curve is not null).Run.Curve!.Prompts)];

    /// <summary>The keys that take more than one value, seeds last: runs are told apart by the first.</summary>
    public IReadOnlyList<string> Varying { get; } =
    [
        .. Entries.SelectMany(entry => entry.State.Settings).GroupBy(setting => setting.Key)
            .Where(key => key.Select(setting => setting.Value).Distinct().Count() > 1)
            .Select(key => key.Key).OrderBy(key => key == "seed"),
    ];

    /// <summary>What tells this entry's run from those of other settings: `ppo.kl.beta = 0.1`.</summary>
    public string Group(SweepEntry entry) => entry.State.Case ?? (Varying.Count == 0 ? entry.State.Name : $"{Varying[0].Split('.')[^1]} = {entry.State.Settings.GetValueOrDefault(Varying[0], "default")}");

    public static bool IsSweep(string folder) =>
        Directory.Exists(folder) && Directory.EnumerateDirectories(folder).Any(point => File.Exists(Path.Combine(point, PointState.FileName)));

    public static SweepResult Read(string folder)
    {
        if (!IsSweep(folder)) throw new RlhfException($"{folder}: no sweep here; expected folders that hold {PointState.FileName}, as `rlhf sweep` makes them");
        var entries = Directory.GetDirectories(folder).Order(StringComparer.Ordinal)
            .Select(point => (Folder: point, State: PointState.Read(point))).Where(point => point.State is not null)
            .Select(point => new SweepEntry(point.State!, RunReader.Read(point.Folder))).ToArray();
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var name = Path.GetFileName(full) is "sweep" ? Path.GetFileName(Path.GetDirectoryName(full)!) : Path.GetFileName(full);
        return new SweepResult(name, folder, entries);
    }

    private static Curve? Merged(IReadOnlyList<SweepEntry> entries)
    {
        var all = entries.Where(entry => entry.Run.Curve is not null).Select(entry => (entry.State.Name, Curve: entry.Run.Curve!)).ToArray();
        var curves = all.Where(curve => curve.Curve.Prompts == all[0].Curve.Prompts).ToArray();
        return curves.Length == 0 ? null : CurveMerge.Of(curves, new BootstrapOptions());
    }
}
