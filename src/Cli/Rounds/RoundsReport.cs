using Rlhf.Evaluation;
using Rlhf.Reports;
using Rlhf.Reports.Charts;

namespace Rlhf.Cli.Rounds;

/// <summary>report.html over rounds: what each bought, and what its labels did.</summary>
internal static class RoundsReport
{
    public static string Html(string name, IReadOnlyList<RoundResult> results) => ReportPage.Of(name, "Report of rounds", [("verdict", "Verdict"), ("rounds", "Rounds")], html =>
    {
        VerdictSection.Write(html, VerdictOf(results), Tiles(results), []);
        html.Open("section", ("id", "rounds"));
        html.Text("h2", "Rounds");
        Figure.Grid(html, [Scores(results), Drift(results)]);
        HtmlTable.Write(html, ["round", "labels", "gold", "gold gain σ", "proxy", "win rate", "KL, nats", "reward model's accuracy"], results.Select(one => new[]
        {
            NumberFormat.Count(one.Round), NumberFormat.Count(one.Labels), Text(one.Gold), Text(one.GoldGain), Text(one.Proxy),
            one.WinRate is { } wins ? NumberFormat.Percent(wins.Value) : "–", NumberFormat.Value(one.Kl), one.RewardAccuracy is { } accuracy ? NumberFormat.Percent(accuracy) : "–",
        }));
        html.Close();
    });

    public static Verdict VerdictOf(IReadOnlyList<RoundResult> results)
    {
        if (results.Count == 0 || results[^1].Gold is not { } last)
            return new Verdict { Kind = VerdictKind.Unknown, Headline = $"{results.Count} rounds are done; no gold is named to judge them by.", Missing = ["Name a score that is meant under `gold:` to see what rounds and labels buy."] };
        double[] gold = [results[0].Reference!.Value, .. results.Select(one => one.Gold!.Value)];
        var rises = gold.Zip(gold.Skip(1)).Count(step => step.Second > step.First);
        return new Verdict
        {
            Kind = rises == results.Count ? VerdictKind.Gained : last.Value > gold[0] ? VerdictKind.Unknown : VerdictKind.NoGain,
            Headline = $"Gold went from {NumberFormat.Value(gold[0])} to {NumberFormat.Value(last.Value)} in {results.Count} rounds with {NumberFormat.Count(results[^1].Labels)} labels; it rose in {rises} of them.",
            Reasons = [.. results.Index().Select(one => $"Round {one.Item.Round}: {Signed(gold[one.Index + 1] - gold[one.Index])} with {NumberFormat.Count(one.Item.Labels - (one.Index == 0 ? 0 : results[one.Index - 1].Labels))} more labels.")],
            Missing = [],
        };
    }

    private static IEnumerable<(string, string, string)> Tiles(IReadOnlyList<RoundResult> results)
    {
        if (results.Count == 0) yield break;
        var last = results[^1];
        yield return ("Labels", NumberFormat.Count(last.Labels), $"in {results.Count} rounds");
        if (last.Gold is { } gold && last.Reference is { } reference)
        {
            yield return ("Gold", NumberFormat.Value(gold.Value), $"from {NumberFormat.Value(reference.Value)}");
            yield return ("Gold for a hundred labels", Signed((gold.Value - reference.Value) / last.Labels * 100), "over all rounds");
        }

        yield return ("KL per sequence", NumberFormat.Value(last.Kl) + " nats", "from the policy of the start");
    }

    private static Chart Scores(IReadOnlyList<RoundResult> results)
    {
        double[] labels = [0, .. results.Select(one => (double)one.Labels)];
        Estimate?[] gold = [results.Count > 0 ? results[0].Reference : null, .. results.Select(one => one.Gold)];
        return new Chart
        {
            Id = "gold-per-label", Title = "Gold against labels", Description = "The score that is meant, on held-out prompts, after each round: what so many labels bought.",
            X = new Axis { Label = "labels" }, Y = new Axis { Label = "gold" },
            Marks = [new LineMark { Name = "gold", X = labels, Y = [.. gold.Select(one => one?.Value ?? double.NaN)], Low = [.. gold.Select(one => one?.Low ?? double.NaN)], High = [.. gold.Select(one => one?.High ?? double.NaN)] }],
        };
    }

    private static Chart Drift(IReadOnlyList<RoundResult> results) => new()
    {
        Id = "drift", Title = "Drift", Description = "KL from the policy of the start after each round.",
        X = new Axis { Label = "round" }, Y = new Axis { Label = "nats per sequence", Include = [0] },
        Marks = [new LineMark { Name = "KL", X = [.. results.Select(one => (double)one.Round)], Y = [.. results.Select(one => one.Kl)] }],
    };

    private static string Signed(double value) => (value > 0 ? "+" : "") + NumberFormat.Value(value);

    private static string Text(Estimate? estimate) => estimate is null ? "–" : $"{NumberFormat.Value(estimate.Value)} [{NumberFormat.Value(estimate.Low)}, {NumberFormat.Value(estimate.High)}]";
}
