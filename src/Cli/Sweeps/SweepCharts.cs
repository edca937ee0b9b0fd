using Rlhf.Evaluation;
using Rlhf.Reports;
using Rlhf.Reports.Charts;

namespace Rlhf.Cli.Sweeps;

/// <summary>The charts of a sweep. Runs of one setting share a colour, whatever their seeds.</summary>
public static class SweepCharts
{
    /// <summary>What each run bought for its drift, and the best that any of them got.</summary>
    public static Chart Frontier(SweepResult sweep, Curve curve)
    {
        var gold = curve.GoldScale is not null;
        return new Chart
        {
            Id = "frontier",
            Title = gold ? "Frontier: gold reward for drift" : "Frontier: proxy reward for drift",
            Description = gold
                ? "Every checkpoint of every run; a line follows one run. The grey line is the frontier: the most gold reward that any run got for so much KL."
                : "Every checkpoint of every run, by the proxy: there is no gold score. The grey line is the most that any run got for so much KL.",
            X = new Axis { Label = "KL from the reference, nats per sequence (√ scale)", Scale = ScaleKind.SquareRoot, Include = [0] },
            Y = new Axis { Label = $"{(gold ? "Gold" : "Proxy")} gain over the reference, σ of its scores", Include = [0] },
            Marks = [Envelope(curve), .. Runs(sweep).SelectMany(run => Trail(run.Entry, run.Name, run.Ink, run.Marker))],
        };
    }

    /// <summary>A metric of every run against episodes seen.</summary>
    public static Chart? AgainstEpisodes(SweepResult sweep, string metric, string title, string description, string unit)
    {
        var marks = Runs(sweep).Where(run => run.Entry.Run.Policy is not null).SelectMany(run =>
        {
            var metrics = run.Entry.Run.Policy!.Metrics;
            return TrainingCharts.Lines(metrics, TrainingCharts.EpisodesSeen(metrics) ?? metrics.Steps, metric, run.Name, run.Ink)
                .Where(line => line.Ink.Weight != Weight.Faint)   // the raw lines of many runs would hide each other
                .Select(line => line with { Name = run.Entry.State.Name, Legend = run.Name });
        }).ToArray();
        return marks.Length == 0 ? null : new Chart
        {
            Id = $"sweep-{metric}",
            Title = title,
            Description = description,
            X = new Axis { Label = "episodes" },
            Y = new Axis { Label = unit },
            Marks = marks,
        };
    }

    private static IEnumerable<(SweepEntry Entry, string Name, Ink Ink, Marker Marker)> Runs(SweepResult sweep)
    {
        var groups = sweep.Entries.Select(sweep.Group).Distinct().ToList();
        return sweep.Entries.Select(entry => (Entry: entry, Name: sweep.Group(entry))).OrderBy(run => groups.IndexOf(run.Name))
            .Select(run => (run.Entry, run.Name, Ink.Number(groups.IndexOf(run.Name)), (Marker)(groups.IndexOf(run.Name) % 4)));
    }

    private static IEnumerable<Mark> Trail(SweepEntry entry, string name, Ink ink, Marker marker)
    {
        var points = (entry.Run.Curve?.Points ?? []).OrderBy(point => point.Step).ToArray();
        if (points.Length == 0) yield break;
        var gains = points.Select(point => point.GoldGain ?? point.ProxyGain).ToArray();
        double[] kl = [.. points.Select(point => point.Kl.Best.Value)];
        yield return new LineMark { Name = entry.State.Name, Legend = name, Ink = ink with { Weight = Weight.Thin }, X = [0, .. kl], Y = [0, .. gains.Select(gain => gain.Value)] };
        yield return new PointMark
        {
            Name = entry.State.Name,
            Legend = name,
            Ink = ink,
            Marker = marker,
            X = kl,
            Y = [.. gains.Select(gain => gain.Value)],
            Low = [.. gains.Select(gain => gain.Low)],
            High = [.. gains.Select(gain => gain.High)],
            Labels = [.. points.Select(point => $"{entry.State.Name} step {point.Step}")],
        };
    }

    private static LineMark Envelope(Curve curve)
    {
        List<double> x = [0], y = [0];
        foreach (var point in curve.Points.Where(point => double.IsFinite(point.Kl.Best.Value)).OrderBy(point => point.Kl.Best.Value))
        {
            var gain = (point.GoldGain ?? point.ProxyGain).Value;
            if (!(gain > y[^1])) continue;
            x.Add(point.Kl.Best.Value);
            y.Add(gain);
        }

        x.Add(curve.Points.Select(point => point.Kl.Best.Value).Where(double.IsFinite).DefaultIfEmpty(0).Max());
        y.Add(y[^1]);
        return new LineMark { Name = "frontier", Ink = new Ink(0), X = x, Y = y };
    }
}
