using Rlhf.Evaluation;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>The first thing on the page: what came out, which checkpoint to use, what is not known.</summary>
internal static class VerdictSection
{
    public static void Write(MarkupWriter html, Verdict verdict, IEnumerable<(string Name, string Value, string Detail)> tiles, IEnumerable<string> notes)
    {
        html.Open("section", ("id", "verdict"), ("class", $"verdict {Tone(verdict.Kind)}"));
        html.Text("h2", verdict.Headline);
        if (verdict.Recommended is { } point)
        {
            html.Open("p", ("class", "recommended"));
            html.Text("Recommended: ");
            html.Text("code", point.Checkpoint.Length > 0 ? point.Checkpoint : $"{point.Run} step {point.Step}");
            html.Text($" of {point.Run}");
            html.Close();
        }

        Tiles(html, tiles);
        Bullets(html, verdict.Reasons, "reasons");
        var missing = verdict.Missing.Concat(notes).ToArray();
        if (missing.Length > 0)
        {
            html.Text("h3", "What is missing");
            Bullets(html, missing, "missing");
        }

        html.Close();
        html.Raw("\n");
    }

    /// <summary>The numbers of the recommended checkpoint, or of the end of training where there is no curve.</summary>
    public static IEnumerable<(string Name, string Value, string Detail)> Tiles(ReportRun run, Verdict verdict)
    {
        if (run.Curve is { } curve && (verdict.Recommended ?? curve.Points.MaxBy(point => point.Step)) is { } point)
        {
            if (point.GoldGain is { } gold) yield return ("Gold gain", Sigma(gold.Value), Range(gold, Sigma));
            yield return ("Proxy gain", Sigma(point.ProxyGain.Value), Range(point.ProxyGain, Sigma));
            var wins = point.GoldWinRate ?? point.ProxyWinRate;
            yield return (point.GoldWinRate is null ? "Win rate by proxy" : "Win rate by gold", NumberFormat.Percent(wins.Value), Range(wins, share => NumberFormat.Percent(share)));
            yield return ("KL per sequence", NumberFormat.Value(point.Kl.Best.Value) + " nats", Range(point.Kl.Best, NumberFormat.Value));
            yield return ("Response length", NumberFormat.Value(point.Length.Value), $"reference {NumberFormat.Value(curve.Reference.Length.Value)} tokens");
            yield break;
        }

        if (run.Policy is not { } stage) yield break;
        foreach (var (metric, name) in new[] { (MetricNames.Score, "Score"), (MetricNames.Gold, "Gold"), (MetricNames.Kl, "KL per sequence"), (MetricNames.Length, "Response length"), (MetricNames.Loss, "Loss"), (MetricNames.EvalAccuracy, "Held-out accuracy") })
            if (stage.Metrics.Find(metric) is { } series)
                yield return (name, NumberFormat.Value(series.Late), $"from {NumberFormat.Value(series.Early)}");
    }

    private static void Tiles(MarkupWriter html, IEnumerable<(string Name, string Value, string Detail)> tiles)
    {
        html.Open("dl", ("class", "tiles"));
        foreach (var (name, value, detail) in tiles)
        {
            html.Open("div");
            html.Text("dt", name);
            html.Text("dd", value, ("class", "value"));
            html.Text("dd", detail, ("class", "detail"));
            html.Close();
        }

        html.Close();
    }

    private static void Bullets(MarkupWriter html, IReadOnlyList<string> lines, string kind)
    {
        if (lines.Count == 0) return;
        html.Open("ul", ("class", kind));
        foreach (var line in lines)
        {
            html.Open("li");
            Prose.Write(html, line);
            html.Close();
        }

        html.Close();
    }

    private static string Tone(VerdictKind kind) => kind switch
    {
        VerdictKind.Gained => "good",
        VerdictKind.OverOptimised or VerdictKind.NoGain => "warn",
        _ => "plain",
    };

    private static string Sigma(double gain) => (gain > 0 ? "+" : "") + NumberFormat.Value(gain) + " σ";

    private static string Range(Estimate estimate, Func<double, string> text) => $"95%: {text(estimate.Low)} to {text(estimate.High)}";
}
