using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Stages;

/// <summary>What optimising reward models does: reward models of several kinds, optimised by best-of-n and by PPO, judged by gold.</summary>
public sealed record StudyRecipe : IChecked
{
    [Describe("pairs that reward models are trained on: a kind for each number, the smaller sets parts of the larger ones")]
    public IReadOnlyList<int> Sizes { get; init; } = [250, 1000, 4000];

    [Describe("shares of labels that are flipped: each kind again for each of them")]
    public IReadOnlyList<double> Noise { get; init; } = [0, 0.25];

    [Describe("of sizes, the one whose ensembles and prices of KL are looked at")]
    public int Focus { get; init; } = 1000;

    [Describe("reward models of that size, which differ by their seed: an ensemble; of other sizes there are as many as seeds")]
    [AtLeast(2)]
    public int Members { get; init; } = 5;

    [Describe("λ of the uncertainty-weighted ensemble, mean − λ·variance")]
    [AtLeast(0)]
    public double VarianceWeight { get; init; } = 0.5;

    [Describe("responses to each prompt of the curve that best-of-n chooses from; n goes up to this in powers of two")]
    [AtLeast(4)]
    public int BestOf { get; init; } = 1024;

    [Describe("prices of KL for PPO, from the lowest: every reward model alone is optimised at the first, that of the focus at all (with flipped labels at the first two), its ensembles with flipped labels at the first two")]
    public IReadOnlyList<double> Prices { get; init; } = [0, 0.05, 0.2];

    [Describe("checkpoints of each policy, evenly apart, of which its curve is made")]
    [AtLeast(4)]
    public int Checkpoints { get; init; } = 8;

    [Describe("seeds of PPO; each is optimised against another member where a reward model stands alone")]
    public IReadOnlyList<long> Seeds { get; init; } = [1, 2];

    [Describe("a difference in gold of less than this, in σ of the reference's scores, counts as none")]
    [Above(0)]
    public double Margin { get; init; } = 0.2;

    [Describe("how many reward models or policies are trained at a time, the cores divided between them")]
    [AtLeast(1)]
    [MayChangeOnResume]
    public int Parallel { get; init; } = 2;

    public IEnumerable<Problem> Problems()
    {
        if (Rising(Sizes.Select(size => (double)size), 1) is { } sizes) yield return new Problem(nameof(Sizes), sizes);
        if (Rising(Noise, 0) is { } noise) yield return new Problem(nameof(Noise), noise);
        if (Noise.Any(share => share > 0.5)) yield return new Problem(nameof(Noise), "found a share above 0.5, which turns the labels round; expected 0 to 0.5");
        if (!Sizes.Contains(Focus)) yield return new Problem(nameof(Focus), $"found {Focus}; expected one of sizes ({string.Join(", ", Sizes)})");
        if (Rising(Prices, 0) is { } prices) yield return new Problem(nameof(Prices), prices);
        if (Seeds.Count < 2 || Seeds.Distinct().Count() < Seeds.Count) yield return new Problem(nameof(Seeds), "expected two seeds or more, all different: what one run does another may not");
        if (Seeds.Count > Members) yield return new Problem(nameof(Seeds), $"found {Seeds.Count} with {Members} members; expected no more seeds than members");
    }

    private static string? Rising(IEnumerable<double> numbers, double least)
    {
        var all = numbers.ToArray();
        if (all.Length == 0) return "there are none; expected a list, as in [250, 1000]";
        return all[0] < least || all.Zip(all.Skip(1)).Any(pair => pair.First >= pair.Second) ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"expected numbers from {least:0} on, each larger than the one before") : null;
    }
}
