using System.Globalization;
using Rlhf.Evaluation;
using Rlhf.Evaluation.Study;
using Rlhf.Reports;
using Rlhf.Reports.Charts;
using Rlhf.Rewards.Models;

namespace Rlhf.Cli.Study;

/// <summary>report.html of a study: what held and what did not, and the curves behind it.</summary>
internal static class StudyReport
{
    public static string Html(StudyResult result) => ReportPage.Of(result.Name, "Optimising reward models: a study", [("verdict", "Verdict"), ("claims", "Claims"), ("best-of-n", "Best-of-n"), ("ppo", "PPO"), ("laws", "Laws"), ("models", "Reward models")], html =>
    {
        VerdictSection.Write(html, new Verdict { Kind = VerdictKind.Unknown, Headline = Headline(result.Claims), Reasons = [.. Reasons(result)] }, Tiles(result), []);
        Claims(html, result);
        BestOfN(html, result);
        Policies(html, result);
        Laws(html, result);
        RewardModels(html, result);
    });

    public static string Headline(IReadOnlyList<Claim> claims)
    {
        int Count(Holding holding) => claims.Count(claim => claim.Verdict == holding);
        return $"Of {claims.Count} claims about optimising a reward model, {Count(Holding.Holds)} hold here, {Count(Holding.DoesNot)} do not, and {Count(Holding.CannotTell)} cannot be told.";
    }

    private static IEnumerable<string> Reasons(StudyResult result)
    {
        yield return $"Everything is judged by the gold score on the same {result.Prompts} prompts; gains are in standard deviations (σ) of the reference's scores.";
        yield return $"Intervals come from resampling prompts. Those of the claims hold together: with {result.Claims.Count} claims each has {1 - 0.05 / Math.Max(1, result.Claims.Count):0.00%} instead of 95%, so that all are right at once in 95 studies of 100. A claim holds only where every seed agrees: {result.Study.Seeds.Count} seeds are too few to resample.";
        if (result.Power is { } power) yield return power;
    }

    private static IEnumerable<(string, string, string)> Tiles(StudyResult result)
    {
        foreach (var holding in new[] { Holding.Holds, Holding.DoesNot, Holding.CannotTell })
            yield return (Capital(StudyWords.Of(holding)), NumberFormat.Count(result.Claims.Count(claim => claim.Verdict == holding)), "claims");
        yield return ("Reward models", NumberFormat.Count(result.Kinds.Sum(kind => kind.Members)), $"of {result.Kinds.Count} kinds");
        yield return ("Policies", NumberFormat.Count(result.Arms.Where(arm => arm.Arm.Method == FitForm.Policy).Sum(arm => arm.Arm.Runs.Count)), "trained by PPO");
    }

    private static void Claims(MarkupWriter html, StudyResult result)
    {
        html.Open("section", ("id", "claims"));
        html.Text("h2", "What held and what did not");
        html.Text("p", "From Gao, Schulman and Hilton (2022) and Coste, Anwar, Kirk and Krueger (2023), as numbers of this study. These are statements about this world and these sizes.", ("class", "lead"));
        foreach (var claim in result.Claims)
        {
            html.Open("article", ("class", "claim"));
            html.Open("h3");
            html.Text("span", StudyWords.Of(claim.Verdict), ("class", $"pill {Tone(claim.Verdict)}"));
            html.Text($" {claim.Text}");
            html.Close();
            html.Open("p", ("class", "numbers-line"));
            html.Text("strong", $"{Text(claim.Effect)}");
            html.Text($" {claim.Measure}{(claim.BySeed.Count > 1 ? $"; by seed {string.Join(", ", claim.BySeed.Select(NumberFormat.Value))}" : "")}");
            html.Close();
            html.Text("p", $"{Capital(claim.Why)}.", ("class", "scores"));
            html.Close();
        }

        html.Close();
        html.Raw("\n");
    }

    private static void BestOfN(MarkupWriter html, StudyResult result)
    {
        html.Open("section", ("id", "best-of-n"));
        html.Text("h2", "Best-of-n");
        html.Text("p", $"n up to {NumberFormat.Count(result.Study.BestOf)}, each the unbiased mean over all choices of n from one pool of as many samples to each prompt; KL = ln n − (n − 1)/n. Lines are R = d(α − βd) with d = √KL, their bands 95% over prompts.", ("class", "lead"));
        Figure.Grid(html, [.. result.Study.Noise.Select(noise => Sizes(result, noise)),
            .. result.Study.Noise.Select(noise => StudyCharts.Arms($"bon-ensembles-{Id(noise)}", $"Ensembles of {result.Study.Members}, {Flips(noise)}", $"Reward models of {NumberFormat.Count(result.Study.Focus)} pairs: alone, their mean, the worst case (WCO) and the uncertainty-weighted mean (UWO, λ = {NumberFormat.Value(result.Study.VarianceWeight)}).", Ensembles(result, FitForm.BestOfN, noise, null)))]);
        html.Close();
        html.Raw("\n");
    }

    /// <summary>What best-of-n makes of reward models of each size: the study's picture.</summary>
    public static Chart Sizes(StudyResult result, double noise) =>
        StudyCharts.Arms($"bon-sizes-{Id(noise)}", $"Reward models of each size, {Flips(noise)}", "A reward model alone, the mean of its seeds.", BySize(result, FitForm.BestOfN, noise));

    private static void Policies(MarkupWriter html, StudyResult result)
    {
        var study = result.Study;
        html.Open("section", ("id", "ppo"));
        html.Text("h2", "PPO");
        html.Text("p", $"Every point is a checkpoint. Lines are R = d(α − β ln d) fitted to the checkpoints of {study.Seeds.Count} seeds together, their bands 95% over prompts: what another seed would do they do not say.", ("class", "lead"));
        Figure.Grid(html, [.. study.Noise.Select(noise => StudyCharts.Arms($"ppo-sizes-{Id(noise)}", $"Reward models of each size, {Flips(noise)}", $"A reward model alone, at a price of KL of {NumberFormat.Value(study.Prices[0])}.", BySize(result, FitForm.Policy, noise))),
            StudyCharts.Arms("ppo-prices", $"Prices of KL, {Flips(study.Noise[0])}", $"The same reward models of {NumberFormat.Count(study.Focus)} pairs.",
                [.. study.Prices.SelectMany(price => Found(result, FitForm.Policy, new StudyTarget(study.Focus, study.Noise[0]), price).Select(arm => ($"price {NumberFormat.Value(price)}", arm)))]),
            .. study.Prices.Take(2).Select(price => StudyCharts.Arms($"ppo-ensembles-{Id(price)}", $"Ensembles at a price of {NumberFormat.Value(price)}, {Flips(study.Noise[^1])}", $"Reward models of {NumberFormat.Count(study.Focus)} pairs, alone and combined.", Ensembles(result, FitForm.Policy, study.Noise[^1], price)))]);
        html.Close();
        html.Raw("\n");
    }

    private static void Laws(MarkupWriter html, StudyResult result)
    {
        html.Open("section", ("id", "laws"));
        html.Text("h2", "The fitted laws");
        html.Text("p", "α is how steeply gold rises at first, β how fast that wears off. The peak is where the law puts it within what was measured; what gold loses is from there to the end. σ is taken as it was measured.", ("class", "lead"));
        var groups = new[] { FitForm.BestOfN, FitForm.Policy }.SelectMany(method => result.Study.Noise.Select(noise => ($"{StudyWords.Method(method)}, {Flips(noise)}", BySize(result, method, noise).Select(arm => arm.Result).ToArray()))).ToArray();
        Figure.Grid(html, [StudyCharts.AgainstSize("alpha", "α of gold against pairs", "With 95% intervals over prompts.", "α, σ per √nat", groups, turn => turn.Gold.Alpha), StudyCharts.AgainstSize("beta", "β of gold against pairs", "The two methods have laws of different form: compare within one.", "β", groups, turn => turn.Gold.Beta)]);
        HtmlTable.Write(html, ["optimised", "gold α", "gold β", "proxy α", "proxy β", "gold peaks at KL", "gain there, σ", "lost by the end, σ", "gold"], result.Arms.Select(arm => new[]
        {
            Label(arm.Arm), Text(arm.Turn.Gold.Alpha), Text(arm.Turn.Gold.Beta), Text(arm.Turn.Proxy.Alpha), Text(arm.Turn.Proxy.Beta),
            Text(arm.Turn.PeakKl) + (arm.Turn.PeakKl.Value < arm.Turn.LargestKl ? "" : " (the end)"), Text(arm.Turn.PeakGain), Text(arm.Turn.Fall), StudyWords.Of(arm.Turn.Kind),
        }));
        html.Close();
        html.Raw("\n");
    }

    private static void RewardModels(MarkupWriter html, StudyResult result)
    {
        html.Open("section", ("id", "models"));
        html.Text("h2", "Reward models");
        HtmlTable.Write(html, ["pairs", "labels flipped", "models", "ordered as the labels say, of held-out pairs"], result.Kinds.Select(kind => new[]
        {
            NumberFormat.Count(kind.Kind.Pairs), NumberFormat.Percent(kind.Kind.Noise), NumberFormat.Count(kind.Members),
            $"{NumberFormat.Percent(kind.Accuracy.Value, 1)} [{NumberFormat.Percent(kind.Accuracy.Low, 1)}, {NumberFormat.Percent(kind.Accuracy.High, 1)}]",
        }));
        html.Close();
    }

    private static IReadOnlyList<(string Name, ArmResult Result)> BySize(StudyResult result, FitForm method, double noise) =>
        [.. result.Study.Sizes.SelectMany(size => Found(result, method, new StudyTarget(size, noise), method == FitForm.Policy ? result.Study.Prices[0] : null).Select(arm => ($"{NumberFormat.Count(size)} pairs", arm)))];

    private static IReadOnlyList<(string Name, ArmResult Result)> Ensembles(StudyResult result, FitForm method, double noise, double? price) =>
        [.. new Combination?[] { null }.Concat(StudyPlan.Ensembles.Select(one => (Combination?)one)).SelectMany(ensemble => Found(result, method, new StudyTarget(result.Study.Focus, noise, ensemble), price).Select(arm => (StudyWords.Short(ensemble), arm)))];

    private static IEnumerable<ArmResult> Found(StudyResult result, FitForm method, StudyTarget target, double? price) =>
        result.Arms.Where(arm => arm.Arm.Method == method && arm.Arm.Target == target && arm.Arm.Price == price);

    private static string Label(StudyArm arm) =>
        $"{StudyWords.Method(arm.Method)}: {NumberFormat.Count(arm.Target.Pairs)} pairs, {Flips(arm.Target.Noise)}, {StudyWords.Short(arm.Target.Ensemble)}{(arm.Price is { } price ? $", price {NumberFormat.Value(price)}" : "")}";

    private static string Flips(double noise) => noise == 0 ? "labels as they are" : $"{NumberFormat.Percent(noise)} of labels flipped";

    private static string Id(double number) => number.ToString(CultureInfo.InvariantCulture).Replace('.', '-');

    private static string Tone(Holding holding) => holding switch { Holding.Holds => "good", Holding.DoesNot => "warn", _ => "open" };

    private static string Text(Estimate estimate) => $"{NumberFormat.Value(estimate.Value)} [{NumberFormat.Value(estimate.Low)}, {NumberFormat.Value(estimate.High)}]";

    private static string Capital(string words) => words.Length == 0 ? words : char.ToUpperInvariant(words[0]) + words[1..];
}
