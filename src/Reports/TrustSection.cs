using Rlhf.Reports.Charts;
using Rlhf.Rewards.Evaluation;

namespace Rlhf.Reports;

/// <summary>How far the reward model may be trusted.</summary>
internal static class TrustSection
{
    private const int WorstShown = 5;

    public static void Write(MarkupWriter html, RewardReport report)
    {
        html.Open("section", ("id", "trust"));
        html.Text("h2", "How far to trust the reward model");
        html.Text("p", Sentence(report), ("class", "lead"));
        HtmlTable.Write(html, ["", "value", "what it means"], Rows(report));
        Figure.Grid(html, TrustCharts.Of(report));
        Worst(html, report.Worst);
        html.Close();
        html.Raw("\n");
    }

    private static string Sentence(RewardReport report)
    {
        var first = $"It orders {Text(report.Accuracy)} of {NumberFormat.Count(report.Pairs)} held-out pairs as the labels do.";
        var ceiling = report.Gold is { } gold ? $" The noise of the labels allows {NumberFormat.Percent(gold.Ceiling.Value, 1)}." : "";
        var length = NumberFormat.Percent(report.Length.Baseline.Value, 1);
        return first + ceiling + (report.Length.AdvantageLow > 0
            ? $" That is clearly more than choosing the longer response ({length})."
            : $" That is not clearly more than choosing the longer response ({length}): a policy trained on it may only learn to write at length.");
    }

    private static IEnumerable<string[]> Rows(RewardReport report)
    {
        yield return ["accuracy", Text(report.Accuracy), "share of held-out pairs ordered as the labels do"];
        if (report.Gold is { } gold)
        {
            yield return ["ceiling", Text(gold.Ceiling), "accuracy of a judge who knows the gold scores: what the noise of the labels allows"];
            yield return ["agreement with gold", Text(gold.Agreement), "share of pairs ordered as the gold scores do"];
            yield return ["correlation with gold", NumberFormat.Value(gold.Correlation), "of its margin with the gap in gold score"];
        }

        yield return ["length baseline", Text(report.Length.Baseline), "accuracy of always choosing the longer response"];
        yield return ["correlation with length", NumberFormat.Value(report.Length.Correlation), "near ±1 it judges length"];
        yield return ["log-loss", NumberFormat.Value(report.LogLoss), "0.693 is a coin"];
        yield return ["calibration error", NumberFormat.Percent(report.Calibration.ExpectedError, 1), "how far its confidence is from its accuracy, on average"];
        if (report.Ensemble is { } ensemble)
            yield return ["ensemble agreement", NumberFormat.Percent(ensemble.Agreement, 1), $"how often two of its {ensemble.Members} members prefer the same response"];
    }

    private static void Worst(MarkupWriter html, IReadOnlyList<WorstPair> worst)
    {
        if (worst.Count == 0) return;
        html.Text("h3", "Pairs it gets most wrong");
        html.Open("table", ("class", "samples"));
        html.Raw("<thead><tr><th scope=\"col\">Prompt</th><th scope=\"col\">Chosen by the label</th><th scope=\"col\">Preferred by the model</th></tr></thead><tbody>");
        foreach (var pair in worst.Take(WorstShown))
        {
            html.Open("tr");
            Cell(html, "Prompt", pair.Prompt, $"line {pair.Line}");
            Cell(html, "Chosen by the label", pair.Chosen, "");
            Cell(html, "Preferred by the model", pair.Rejected, $"margin {NumberFormat.Value(pair.Margin)}");
            html.Close();
        }

        html.Raw("</tbody>");
        html.Close();
    }

    private static void Cell(MarkupWriter html, string column, string text, string note)
    {
        html.Open("td", ("data-column", column));
        html.Text("div", text, ("class", "text"), ("dir", "auto"));
        if (note.Length > 0) html.Text("p", note, ("class", "scores"));
        html.Close();
    }

    private static string Text(Proportion share) =>
        $"{NumberFormat.Percent(share.Value, 1)} [{NumberFormat.Percent(share.Low, 1)}, {NumberFormat.Percent(share.High, 1)}]";
}
