using System.Text;
using Rlhf.Evaluation;
using Rlhf.Foundation.Data;
using Rlhf.Reports;
using Rlhf.Reports.Charts;

namespace Rlhf.Cli.Sweeps;

/// <summary>report.html of a sweep.</summary>
public static class SweepReport
{
    public static string Html(SweepResult sweep)
    {
        var verdict = VerdictOf(sweep);
        var seeds = SeedSummary.Of(sweep);
        (string, string)[] contents = [("verdict", "Verdict"), .. seeds.Count == 0 ? [] : new[] { ("seeds", "Seeds") }, .. sweep.Curve is null ? [] : new[] { ("frontier", "Frontier") }, ("points", "Points"), ("training", "Training")];
        return ReportPage.Of(sweep.Name, "Report of a sweep", contents, html =>
        {
            VerdictSection.Write(html, verdict, Tiles(sweep, verdict), Notes(sweep));
            if (seeds.Count > 0) Seeds(html, seeds);
            if (sweep.Curve is { Points.Count: > 0 } curve) Frontier(html, sweep, curve);
            Points(html, sweep);
            Training(html, sweep);
        });
    }

    public static Verdict VerdictOf(SweepResult sweep) => sweep.Curve is { } curve
        ? Judge.Of(curve)
        : new Verdict
        {
            Kind = VerdictKind.Unknown,
            Headline = $"{Done(sweep)} of {sweep.Entries.Count} points are done; none has a curve to judge by.",
            Missing = ["No point has a KL-versus-reward curve: keep `curve` among `sweep.stages`, or run `rlhf curve` on the points."],
        };

    private static int Done(SweepResult sweep) => sweep.Entries.Count(entry => entry.State.Status == PointStatus.Done);

    private static IEnumerable<(string, string, string)> Tiles(SweepResult sweep, Verdict verdict)
    {
        var failed = sweep.Entries.Count(entry => entry.State.Status == PointStatus.Failed);
        yield return ("Points done", $"{Done(sweep)} of {sweep.Entries.Count}", failed > 0 ? $"{failed} failed" : "none failed");
        if (sweep.Curve is not { } curve || verdict.Recommended is not { } best) yield break;
        yield return ("Checkpoints compared", NumberFormat.Count(curve.Points.Count), $"on {NumberFormat.Count(curve.Prompts)} prompts");
        var gain = best.GoldGain ?? best.ProxyGain;
        yield return (best.GoldGain is null ? "Proxy gain" : "Gold gain", NumberFormat.Value(gain.Value) + " σ", $"95%: {NumberFormat.Value(gain.Low)} to {NumberFormat.Value(gain.High)}");
        yield return ("KL per sequence", NumberFormat.Value(best.Kl.Best.Value) + " nats", best.Run);
    }

    private static IEnumerable<string> Notes(SweepResult sweep)
    {
        foreach (var entry in sweep.Incomparable)
            yield return $"`{entry.State.Name}` was evaluated on other prompts and is left out of the curves: run `rlhf curve` on it with the same recipe.";
        foreach (var entry in sweep.Entries)
            if (entry.State.Status == PointStatus.Failed) yield return $"`{entry.State.Name}` failed in {entry.State.Stage}: {entry.State.Error}";
            else if (entry.State.Status != PointStatus.Done) yield return $"`{entry.State.Name}` is not finished: run the sweep again to go on.";
    }

    private static void Seeds(MarkupWriter html, IReadOnlyList<SeedSummary> groups)
    {
        html.Open("section", ("id", "seeds"));
        html.Text("h2", "Seeds");
        html.Text("p", "The same settings, run with several seeds: how their last checkpoints end, in σ of the reference's scores. A run counts as gone wrong when it failed, ends clearly below the reference, or ends at three times the usual KL.", ("class", "lead"));
        HtmlTable.Write(html, ["", "seeds", "end above the reference", "worst", "median", "best", "KL, median", "least to most", "went wrong"], groups.Select(group => new[]
        {
            group.Group, NumberFormat.Count(group.Seeds), $"{NumberFormat.Percent(group.Above.Value)} [{NumberFormat.Percent(group.Above.Low)}, {NumberFormat.Percent(group.Above.High)}]",
            NumberFormat.Value(Bootstrap.Quantile(group.Gains, 0)), NumberFormat.Value(Bootstrap.Quantile(group.Gains, 0.5)), NumberFormat.Value(Bootstrap.Quantile(group.Gains, 1)),
            NumberFormat.Value(Bootstrap.Quantile(group.Kl, 0.5)), group.Kl.Count == 0 ? "–" : $"{NumberFormat.Value(group.Kl[0])} to {NumberFormat.Value(group.Kl[^1])}", NumberFormat.Count(group.Wrong.Count),
        }));
        var wrong = groups.SelectMany(group => group.Wrong).ToArray();
        if (wrong.Length > 0) html.Open("ul", ("class", "missing"));
        foreach (var run in wrong)
        {
            html.Open("li");
            Prose.Write(html, $"`{run.Name}` {run.How}: {run.Diagnosis}");
            html.Close();
        }

        if (wrong.Length > 0) html.Close();
        html.Close();
        html.Raw("\n");
    }

    private static void Frontier(MarkupWriter html, SweepResult sweep, Curve curve)
    {
        html.Open("section", ("id", "frontier"));
        html.Text("h2", "Frontier");
        Figure.Broad(html, SweepCharts.Frontier(sweep, curve));
        Figure.Broad(html, CurveCharts.Overoptimisation(curve));
        Figure.Grid(html, [CurveCharts.WinRates(curve), CurveCharts.KlEstimates(curve)]);
        RunsSection.Write(html, curve);
        html.Open("p", ("class", "links"));
        Download.Csv(html, "curve", "all checkpoints (CSV)", CurveCsv.Text(CurveTable.Of(curve)));
        html.Close();
        html.Close();
    }

    private static void Points(MarkupWriter html, SweepResult sweep)
    {
        html.Open("section", ("id", "points"));
        html.Text("h2", "Points");
        HtmlTable.Write(html, ["point", "status", "best step", "gold gain σ", "proxy gain σ", "KL, nats", "win rate", "length", "minutes"],
            sweep.Entries.OrderByDescending(entry => entry.Best is { } best ? (best.GoldGain ?? best.ProxyGain).Value : double.NegativeInfinity).Select(Row));
        html.Open("p", ("class", "links"));
        Download.Csv(html, "sweep", "the points (CSV)", CsvText(sweep));
        html.Close();
        html.Close();
    }

    private static string[] Row(SweepEntry entry) =>
    [
        entry.State.Name,
        entry.State.Status switch { PointStatus.Done => "done", PointStatus.Failed => "failed", PointStatus.Stopped => "stopped", _ => "running" },
        entry.Best is { } point ? NumberFormat.Count(point.Step) : "–",
        Text(entry.Best?.GoldGain), Text(entry.Best?.ProxyGain), Text(entry.Best?.Kl.Best),
        NumberFormat.Percent((entry.Best?.GoldWinRate ?? entry.Best?.ProxyWinRate)?.Value ?? double.NaN),
        NumberFormat.Value(entry.Best?.Length.Value ?? double.NaN),
        NumberFormat.Value(entry.State.Seconds / 60),
    ];

    /// <summary>sweep.csv: a row per point with its settings and its best checkpoint.</summary>
    public static string CsvText(SweepResult sweep)
    {
        string[] keys = [.. sweep.Entries.SelectMany(entry => entry.State.Settings.Keys).Distinct()];
        var text = new StringBuilder(Csv.Line(["point", .. keys, "status", "best_step", "gold_gain", "proxy_gain", "kl", "seconds"]));
        foreach (var entry in sweep.Entries)
            text.Append(Csv.Line(
            [
                entry.State.Name, .. keys.Select(key => entry.State.Settings.GetValueOrDefault(key, "")), Row(entry)[1],
                Csv.Number(entry.Best?.Step ?? double.NaN), Csv.Number(entry.Best?.GoldGain?.Value ?? double.NaN), Csv.Number(entry.Best?.ProxyGain.Value ?? double.NaN),
                Csv.Number(entry.Best?.Kl.Best.Value ?? double.NaN), Csv.Number(entry.State.Seconds),
            ]));
        return text.ToString();
    }

    private static void Training(MarkupWriter html, SweepResult sweep)
    {
        Chart?[] charts =
        [
            SweepCharts.AgainstEpisodes(sweep, MetricNames.Score, "Score against episodes seen", "What each run paid in sampled responses for its score.", "score"),
            SweepCharts.AgainstEpisodes(sweep, MetricNames.Kl, "KL against episodes seen", "How fast each run drifts.", "nats per sequence"),
            SweepCharts.AgainstEpisodes(sweep, MetricNames.Entropy, "Entropy against episodes seen", "Per response token.", "nats per token"),
            SweepCharts.AgainstEpisodes(sweep, MetricNames.Length, "Length against episodes seen", "Mean tokens per response.", "tokens"),
        ];
        html.Open("section", ("id", "training"));
        html.Text("h2", "Course of training");
        Figure.Grid(html, charts.OfType<Chart>());
        html.Close();
    }

    private static string Text(Estimate? estimate) => estimate is null ? "–" : $"{NumberFormat.Value(estimate.Value)} [{NumberFormat.Value(estimate.Low)}, {NumberFormat.Value(estimate.High)}]";
}
