using Rlhf.Cli.Stages;
using Rlhf.Evaluation;
using Rlhf.Foundation.Runs;
using Rlhf.Reports;
using Rlhf.Reports.Charts;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Cards;

/// <summary>What was measured of a model: by an evaluation with intervals where there is one, else in training.</summary>
internal static class CardNumbers
{
    public static string Of(string model, CardRun run)
    {
        if (File.Exists(Path.Combine(model, RewardStage.ReportFile))) return Trust(RewardReportJson.Read(Path.Combine(model, RewardStage.ReportFile)));
        return Evaluated(model, run) is ({ } curve, { } point) ? OfCurve(curve, point) : OfTraining(run);
    }

    /// <summary>The evaluation beside the run, or in its own folder, that has a point of this model.</summary>
    private static (Curve Curve, CurvePoint Point)? Evaluated(string model, CardRun run)
    {
        var step = File.Exists(Path.Combine(model, CheckpointManifest.FileName)) ? CheckpointManifest.Read(model).Step : -1;
        foreach (var path in new[] { Path.Combine(run.Folder, "..", StageNames.Curve, "curve.json"), Path.Combine(run.Folder, StageNames.Curve, "curve.json") }.Where(File.Exists))
        {
            var curve = CurveJson.Read(path);
            if (curve.Points.FirstOrDefault(point => point.Step == step && IsSame(point.Checkpoint, model)) is { } found) return (curve, found);
        }

        return null;
    }

    private static bool IsSame(string one, string other) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(one)) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(other));

    private static string OfCurve(Curve curve, CurvePoint point)
    {
        var reference = curve.Reference;
        var text = Markdown.Head("", "this model", "its reference");
        text += Markdown.Row("KL from the reference, nats per response", Interval(point.Kl.Best), "0");
        if (point.Gold is { } gold) text += Markdown.Row($"gold score ({Markdown.Text(curve.GoldName ?? "gold")})", Interval(gold), Interval(reference.Gold));
        if (point.GoldGain is { } gain) text += Markdown.Row("gold score gained, in deviations of the reference's", Interval(gain), "");
        if (point.GoldWinRate is { } wins) text += Markdown.Row("wins against the reference by the gold score", Shares(wins.Value, wins.Low, wins.High), "");
        text += Markdown.Row($"score that was optimised ({Markdown.Text(curve.ProxyName)})", Interval(point.Proxy), Interval(reference.Proxy));
        text += Markdown.Row("wins against the reference by that score", Shares(point.ProxyWinRate.Value, point.ProxyWinRate.Low, point.ProxyWinRate.High), "");
        text += Markdown.Row("response tokens", Interval(point.Length), Interval(reference.Length));
        text += Markdown.Row("responses that came to an end", NumberFormat.Percent(point.EosRate), NumberFormat.Percent(reference.EosRate));
        text += $"\n{curve.Prompts} prompts, {curve.SamplesPerPrompt} responses to each; in brackets 95% bootstrap intervals over prompts.\n";
        var verdict = Judge.Of(curve);
        text += $"\n{Markdown.Text(verdict.Headline)}\n";
        return verdict.Recommended is { } better && better.Step != point.Step ? text + $"\nThe evaluation recommends step {better.Step} of this run; this is step {point.Step}.\n" : text;
    }

    private static string Trust(RewardReport report)
    {
        var text = Markdown.Head("on held-out pairs", "");
        text += Markdown.Row("accuracy", Shares(report.Accuracy.Value, report.Accuracy.Low, report.Accuracy.High));
        text += Markdown.Row("accuracy of length alone", Shares(report.Length.Baseline.Value, report.Length.Baseline.Low, report.Length.Baseline.High));
        if (report.Gold is { } gold) text += Markdown.Row("accuracy that label noise allows", Shares(gold.Ceiling.Value, gold.Ceiling.Low, gold.Ceiling.High));
        text += Markdown.Row("log-loss (0.693: knows nothing)", NumberFormat.Value(report.LogLoss));
        text += Markdown.Row("expected calibration error", NumberFormat.Value(report.Calibration.ExpectedError));
        return text + $"\n{report.Pairs} pairs; in brackets 95% intervals (Wilson).\n";
    }

    private static string OfTraining(CardRun run)
    {
        var table = MetricsFile.Read(Path.Combine(run.Folder, "metrics.jsonl"), []);
        (string Name, string Metric)[] wanted =
        [
            ("score on training prompts", MetricNames.RawScore), ("gold score on training prompts", MetricNames.Gold), ("KL from the reference, nats per response", MetricNames.Kl),
            ("response tokens", MetricNames.Length), ("evaluation loss", MetricNames.EvalLoss), ("accuracy on held-out pairs", MetricNames.EvalAccuracy), ("training loss", MetricNames.Loss),
        ];
        var rows = wanted.Where(one => table.Find(one.Metric) is not null).Select(one => Markdown.Row(one.Name, NumberFormat.Value(table.Find(one.Metric)!.Late))).ToArray();
        if (rows.Length == 0) return "Nothing was measured.\n";
        var advice = run.Stage is StageNames.Ppo or StageNames.Dpo ? " `rlhf curve` measures them with intervals, against the reference." : "";
        return Markdown.Head("mean of the last tenth of training", "") + string.Concat(rows) + $"\nFrom the course of training, without intervals.{advice}\n";
    }

    private static string Interval(Estimate? estimate) => estimate is null ? "" : NumberFormat.Value(estimate.Value)
        + (double.IsFinite(estimate.Low) && estimate.Low != estimate.High ? $" [{NumberFormat.Value(estimate.Low)}, {NumberFormat.Value(estimate.High)}]" : "");

    private static string Shares(double value, double low, double high) =>
        NumberFormat.Percent(value, 1) + (double.IsFinite(low) ? $" [{NumberFormat.Percent(low, 1)}, {NumberFormat.Percent(high, 1)}]" : "");
}
