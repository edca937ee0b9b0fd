using Rlhf.Evaluation;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>What the prompts of a curve can tell apart, and the runs beside each other where there are several.</summary>
internal static class RunsSection
{
    public static void Write(MarkupWriter html, Curve curve)
    {
        if (Power.Sentence(curve) is { } power) html.Text("p", power, ("class", "lead"));
        if (RunComparison.Of(curve) is not { Count: > 0 } runs) return;
        html.Text("h3", "Runs beside each other");
        html.Text("p", $"Each by its best checkpoint, against the run that did best: the difference prompt by prompt, with the probability of such a difference by chance. With {NumberFormat.Count(runs.Count - 1)} comparisons looked at, probabilities are corrected so that together they err once in twenty times (Holm). That the best checkpoint of each was chosen on the same prompts flatters all of them.", ("class", "lead"));
        HtmlTable.Write(html, ["run", "best step", $"{(curve.GoldScale is null ? "proxy" : "gold")} gain σ", "behind the best, σ", "p, corrected", "told apart"], runs.Select(run => new[]
        {
            run.Run, NumberFormat.Count(run.Best.Step), Text(run.Best.GoldGain ?? run.Best.ProxyGain), run.Behind is { } behind ? Text(behind) : "–",
            run.Behind is null ? "–" : run.Probability < 0.001 ? "below 0.001" : NumberFormat.Value(run.Probability), run.Behind is null ? "" : run.IsToldApart ? "yes" : "no",
        }));
    }

    private static string Text(Estimate estimate) => $"{NumberFormat.Value(estimate.Value)} [{NumberFormat.Value(estimate.Low)}, {NumberFormat.Value(estimate.High)}]";
}
