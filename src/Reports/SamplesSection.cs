using System.Globalization;
using Rlhf.Reports.Charts;
using Rlhf.Rewards.Evaluation;

namespace Rlhf.Reports;

/// <summary>What the policy writes beside what the reference wrote, with the drift of each token as shading.</summary>
internal static class SamplesSection
{
    private const int Shown = 10;

    public static void Write(MarkupWriter html, IReadOnlyList<SampleRow> samples)
    {
        if (samples.Count == 0) return;
        var last = samples.Where(sample => sample.Step == samples.Max(row => row.Step)).ToArray();
        if (last.Length == 0) last = [.. samples.TakeLast(Shown)];
        html.Open("section", ("id", "samples"));
        html.Text("h2", "Samples");
        html.Open("p", ("class", "lead"));
        html.Text($"{(last.Length > Shown ? $"{Shown} of {last.Length} responses" : "Responses")} at step {(double.IsFinite(last[0].Step) ? NumberFormat.Count((long)last[0].Step) : "–")}. ");
        if (last.Any(sample => sample.TokenKl.Count > 0)) Key(html);
        html.Close();
        Table(html, last.Take(Shown));
        if (Suspects(last) is { Length: > 0 } suspects)
        {
            html.Text("h3", "Where proxy and gold disagree most");
            html.Text("p", "High by the proxy, low by gold: read these first, they show how the reward model is fooled.", ("class", "lead"));
            Table(html, suspects);
        }

        Figure.Grid(html, SampleCharts.Of(last));
        html.Open("p", ("class", "links"));
        Download.Csv(html, "samples", "all samples (CSV)", SampleCsv.Text(samples));
        html.Close();
        html.Close();
        html.Raw("\n");
    }

    // By rank, because proxy and gold have units of their own.
    private static SampleRow[] Suspects(SampleRow[] samples)
    {
        var both = samples.Where(sample => double.IsFinite(sample.Score) && double.IsFinite(sample.Gold)).ToArray();
        if (both.Length < Shown) return [];
        double[] proxy = Correlation.Ranks([.. both.Select(sample => sample.Score)]), gold = Correlation.Ranks([.. both.Select(sample => sample.Gold)]);
        return [.. both.Index().OrderByDescending(sample => proxy[sample.Index] - gold[sample.Index]).Select(sample => sample.Item).DistinctBy(sample => sample.Response).Take(3)];
    }

    private static void Key(MarkupWriter html)
    {
        html.Text("Shading is KL per token: ");
        foreach (var kl in new[] { 0.25, 1.0, 3.0 }) Token(html, $" {NumberFormat.Value(kl)} nats", kl);
        html.Text(" more likely than under the reference,");
        Token(html, " less likely", -1);
        html.Text(".");
    }

    private static void Table(MarkupWriter html, IEnumerable<SampleRow> samples)
    {
        html.Open("table", ("class", "samples"));
        html.Raw("<thead><tr><th scope=\"col\">Prompt</th><th scope=\"col\">Reference</th><th scope=\"col\">Policy</th></tr></thead><tbody>");
        foreach (var sample in samples)
        {
            html.Open("tr");
            Cell(html, "Prompt", () => html.Text(sample.Prompt), []);
            Cell(html, "Reference", () => html.Text(sample.ReferenceResponse?.TrimStart() ?? "not recorded"), [("score", sample.ReferenceScore), ("gold", sample.ReferenceGold)]);
            Cell(html, "Policy", () => Response(html, sample), [("score", sample.Score), ("gold", sample.Gold), ("KL", sample.Kl)]);
            html.Close();
        }

        html.Raw("</tbody>");
        html.Close();
    }

    private static void Cell(MarkupWriter html, string column, Action text, (string Name, double Value)[] numbers)
    {
        html.Open("td", ("data-column", column));
        html.Open("div", ("class", "text"), ("dir", "auto"));
        text();
        html.Close();
        var known = numbers.Where(number => double.IsFinite(number.Value)).ToArray();
        if (known.Length > 0) html.Text("p", string.Join(" · ", known.Select(number => $"{number.Name} {NumberFormat.Value(number.Value)}")), ("class", "scores"));
        html.Close();
    }

    private static void Response(MarkupWriter html, SampleRow sample)
    {
        if (sample.Tokens.Count == 0) html.Text(sample.Response.Length > 0 ? sample.Response.TrimStart() : "(empty)");
        for (var i = 0; i < sample.Tokens.Count; i++) Token(html, i == 0 ? sample.Tokens[i].TrimStart() : sample.Tokens[i], sample.TokenKl[i]);
    }

    // 3 nats is as dark as it gets.
    private static void Token(MarkupWriter html, string text, double kl)
    {
        var strength = Math.Min(Math.Abs(kl) / 3, 1);
        if (!(strength > 0.02))
        {
            html.Text(text);
            return;
        }

        // The space before a word belongs to its token, but shaded it would look like part of the gap.
        var word = text.TrimStart(' ');
        if (word.Length > 0) html.Text(text[..^word.Length]);
        html.Text("span", word.Length > 0 ? word : text, ("class", kl > 0 ? "up" : "down"), ("style", $"--k:{strength.ToString("0.##", CultureInfo.InvariantCulture)}"), ("title", $"{NumberFormat.Value(kl)} nats"));
    }
}
