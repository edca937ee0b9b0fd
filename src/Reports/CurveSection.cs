using Rlhf.Evaluation;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>Reward against drift, and the table of what was evaluated.</summary>
internal static class CurveSection
{
    public static void Write(MarkupWriter html, Curve curve)
    {
        html.Open("section", ("id", "curve"));
        html.Text("h2", "Reward against drift");
        html.Text("p", $"{NumberFormat.Count(curve.Prompts)} fixed prompts, {NumberFormat.Count(curve.SamplesPerPrompt)} samples each from the reference. Gains are in standard deviations (σ) of the reference's scores; intervals are 95% bootstrap intervals over prompts.", ("class", "lead"));
        Figure.Broad(html, CurveCharts.Overoptimisation(curve));
        Figure.Grid(html, [CurveCharts.WinRates(curve), CurveCharts.KlEstimates(curve)]);
        Fits(html, curve);
        RunsSection.Write(html, curve);
        Checkpoints(html, curve);
        html.Open("p", ("class", "links"));
        Download.Csv(html, "curve", "the whole curve (CSV)", CurveCsv.Text(CurveTable.Of(curve)));
        Download.Link(html, "curve.json", "the whole curve (JSON)", "application/json", CurveJson.Text(curve));
        html.Close();
        html.Close();
        html.Raw("\n");
    }

    private static void Fits(MarkupWriter html, Curve curve)
    {
        if (curve.Fits.Count == 0) return;
        html.Text("h3", "Fitted laws of over-optimisation");
        html.Text("p", "With d = √KL: R = d(α − βd) for best-of-n, R = d(α − β ln d) for a trained policy (Gao et al. 2022).", ("class", "lead"));
        HtmlTable.Write(html, ["", "points", "gold α", "gold β", "gold peaks at KL", "gold gain there", "proxy promises more by"],
            curve.Fits.Select(fit => new[]
            {
                CurveCharts.Label(fit.Source), NumberFormat.Count(fit.Points), Text(fit.Gold?.Alpha), Text(fit.Gold?.Beta),
                fit.PeakKl is { } peak && !double.IsFinite(peak.Value) ? "no peak" : Text(fit.PeakKl) + (fit.PeakKl is null || fit.PeakIsInsideData ? "" : " (extrapolated)"),
                Text(fit.PeakGain), Text(fit.GapAtPeak),
            }));
    }

    private static void Checkpoints(MarkupWriter html, Curve curve)
    {
        html.Text("h3", "Checkpoints");
        HtmlTable.Write(html, ["checkpoint", "KL, nats", "per token", "proxy gain σ", "gold gain σ", "win rate", "length", "ended", "entropy", "distinct-2", "repetition"],
            curve.Points.Prepend(curve.Reference).Select(point => new[]
            {
                point.Algorithm == "reference" ? "reference" : $"{point.Run} step {point.Step}",
                point.Algorithm == "reference" ? "0" : Text(point.Kl.Best), NumberFormat.Value(point.KlPerToken),
                Text(point.ProxyGain), Text(point.GoldGain), NumberFormat.Percent((point.GoldWinRate ?? point.ProxyWinRate).Value),
                NumberFormat.Value(point.Length.Value), NumberFormat.Percent(point.EosRate), NumberFormat.Value(point.Entropy),
                NumberFormat.Value(point.Distinct2), NumberFormat.Percent(point.Repetition, 1),
            }));
    }

    private static string Text(Estimate? estimate) => estimate switch
    {
        null => "–",
        { Low: var low, High: var high } when double.IsFinite(low) && double.IsFinite(high) && low != high
            => $"{NumberFormat.Value(estimate.Value)} [{NumberFormat.Value(low)}, {NumberFormat.Value(high)}]",
        _ => NumberFormat.Value(estimate.Value),
    };
}
