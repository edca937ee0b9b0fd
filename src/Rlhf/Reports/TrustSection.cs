using Rlhf.Charts;
using Rlhf.Evaluation;

namespace Rlhf.Reports;

/// <summary>How far the reward model may be trusted.</summary>
internal static class TrustSection
{
    public static void Write(MarkupWriter html, TrustSummary trust)
    {
        html.Open("section", ("id", "trust"));
        html.Text("h2", "How far to trust the reward model");
        html.Open("p", ("class", "lead"));
        html.Text(Sentence(trust));
        html.Close();
        HtmlTable.Write(html, ["", "value", "what it means"], Rows(trust));
        Figure.Grid(html, TrustCharts.Of(trust));
        Worst(html, trust);
        html.Close();
        html.Raw("\n");
    }

    private static string Sentence(TrustSummary trust)
    {
        if (trust.Accuracy is not { } accuracy) return "Its accuracy was not measured.";
        var pairs = double.IsFinite(trust.Pairs) ? $" of {NumberFormat.Value(trust.Pairs)} held-out pairs" : " of the held-out pairs";
        var first = $"It orders {NumberFormat.Percent(accuracy.Value, 1)}{pairs} as the labels do{Interval(accuracy)}.";
        if (!double.IsFinite(trust.LengthBaseline)) return first;
        return accuracy.Low > trust.LengthBaseline
            ? $"{first} That is clearly more than choosing the longer response ({NumberFormat.Percent(trust.LengthBaseline, 1)})."
            : $"{first} That is not clearly more than choosing the longer response ({NumberFormat.Percent(trust.LengthBaseline, 1)}): a policy trained on it may only learn to write at length.";
    }

    private static string Interval(Estimate accuracy) =>
        double.IsFinite(accuracy.Low) ? $" (95%: {NumberFormat.Percent(accuracy.Low, 1)} to {NumberFormat.Percent(accuracy.High, 1)})" : "";

    private static IEnumerable<string[]> Rows(TrustSummary trust)
    {
        (string Name, double Value, Func<double, string> Text, string Meaning)[] rows =
        [
            ("accuracy", trust.Accuracy?.Value ?? double.NaN, share => NumberFormat.Percent(share, 1), "share of held-out pairs ordered as the labels do"),
            ("ceiling", trust.Ceiling, share => NumberFormat.Percent(share, 1), "the accuracy that the noise of the labels allows"),
            ("length baseline", trust.LengthBaseline, share => NumberFormat.Percent(share, 1), "accuracy of always choosing the longer response"),
            ("log-loss", trust.LogLoss, NumberFormat.Value, "0.693 is a coin"),
            ("calibration error", trust.CalibrationError, share => NumberFormat.Percent(share, 1), "how far its confidence is from its accuracy, on average"),
            ("correlation with length", trust.LengthCorrelation, NumberFormat.Value, "near ±1 it judges length"),
            ("ensemble agreement", trust.EnsembleAgreement, share => NumberFormat.Percent(share, 1), "pairs on which the members agree"),
        ];
        return rows.Where(row => double.IsFinite(row.Value)).Select(row => new[] { row.Name, row.Text(row.Value), row.Meaning });
    }

    private static void Worst(MarkupWriter html, TrustSummary trust)
    {
        if (trust.Worst.Count == 0) return;
        html.Text("h3", "Pairs it gets most wrong");
        html.Open("table", ("class", "samples"));
        html.Raw("<thead><tr><th scope=\"col\">Prompt</th><th scope=\"col\">Chosen by the label</th><th scope=\"col\">Preferred by the model</th></tr></thead><tbody>");
        foreach (var pair in trust.Worst.Take(5))
        {
            html.Open("tr");
            foreach (var (column, text) in new[] { ("Prompt", pair.Prompt), ("Chosen by the label", pair.Chosen), ("Preferred by the model", pair.Rejected) })
            {
                html.Open("td", ("data-column", column));
                html.Text("div", text, ("class", "text"), ("dir", "auto"));
                if (column.StartsWith("Preferred", StringComparison.Ordinal)) html.Text("p", $"margin {NumberFormat.Value(pair.Margin)}", ("class", "scores"));
                html.Close();
            }

            html.Close();
        }

        html.Raw("</tbody>");
        html.Close();
    }
}
