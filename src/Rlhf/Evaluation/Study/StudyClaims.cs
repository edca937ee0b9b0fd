using Rlhf.Rewards.Models;
using static Rlhf.Evaluation.Study.StudyWords;

namespace Rlhf.Evaluation.Study;

/// <summary>What a study looks at, and from where on a difference counts.</summary>
/// <param name="Focus">The number of pairs whose ensembles and prices were looked at.</param>
/// <param name="Margin">A difference in gold of less than this, in σ of the reference's scores, counts as none.</param>
internal sealed record ClaimOptions(int Focus, double Margin)
{
    /// <summary>A KL less than so many times another counts as the same.</summary>
    public double KlRatio { get; init; } = 1.25;
}

/// <summary>
/// The claims about optimising a reward model (Gao et al. 2022, Coste et al. 2023), each as a number over the arms of a study. The
/// numbers of all claims come from the same resampled prompts, and their intervals hold together: each at 1 − 5%/claims.
/// </summary>
internal sealed class StudyClaims
{
    // Nats within which nothing gains anything that could be told apart.
    private const double LeastShared = 0.5;

    private readonly IReadOnlyList<StudyArm> _arms;
    private readonly ClaimOptions _options;
    private readonly int[] _sizes;
    private readonly double[] _noises, _prices;

    private StudyClaims(IReadOnlyList<StudyArm> arms, ClaimOptions options)
    {
        (_arms, _options) = (arms, options);
        _sizes = [.. arms.Select(arm => arm.Target.Pairs).Distinct().Order()];
        _noises = [.. arms.Select(arm => arm.Target.Noise).Distinct().Order()];
        _prices = [.. arms.Select(arm => arm.Price).OfType<double>().Distinct().Order()];
    }

    /// <param name="Effect">From the numbers of arms.</param>
    /// <param name="Hindrance">Why the number would say nothing; null where it does.</param>
    private sealed record Plan(string Id, string Text, string Measure, ClaimRule Rule, IReadOnlyList<StudyArm> Arms, Func<Func<StudyArm, ArmNumbers>, double> Effect, Func<Func<StudyArm, ArmNumbers>, string?> Hindrance);

    /// <summary>Every claim that the arms have something to say about.</summary>
    public static IReadOnlyList<Claim> Of(IReadOnlyList<StudyArm> arms, ClaimOptions options, BootstrapOptions bootstrap)
    {
        var plans = new StudyClaims(arms, options).Plans().ToArray();
        if (plans.Length == 0) return [];
        int[] everyPrompt = [.. Enumerable.Range(0, arms[0].Runs[0].Points[0].Kl.Count)];
        var together = bootstrap with { Level = 1 - (1 - bootstrap.Level) / plans.Length };
        var effects = Bootstrap.Statistics(everyPrompt.Length, drawn =>
        {
            var of = Remembered(arm => arm, drawn);
            return [.. plans.Select(plan => plan.Effect(of))];
        }, together);
        return [.. plans.Select((plan, i) => Judged(plan, effects[i], everyPrompt))];
    }

    private static Claim Judged(Plan plan, Estimate effect, int[] everyPrompt)
    {
        var seeds = plan.Arms.Select(arm => arm.Runs.Count).Where(count => count > 1).DefaultIfEmpty(1).Min();
        double[] bySeed = [.. Enumerable.Range(0, seeds).Select(seed => plan.Effect(Remembered(arm => arm.Only(seed), everyPrompt)))];
        var (verdict, why) = plan.Hindrance(Remembered(arm => arm, everyPrompt)) is { } hindrance ? (Holding.CannotTell, hindrance) : plan.Rule.Judge(effect, bySeed);
        return new Claim { Id = plan.Id, Text = plan.Text, Measure = plan.Measure, Effect = effect, BySeed = bySeed, Verdict = verdict, Why = why };
    }

    private static Func<StudyArm, ArmNumbers> Remembered(Func<StudyArm, StudyArm> part, int[] prompts)
    {
        var known = new Dictionary<StudyArm, ArmNumbers>(ReferenceEqualityComparer.Instance);
        return arm => known.TryGetValue(arm, out var numbers) ? numbers : known[arm] = ArmNumbers.Of(part(arm), prompts);
    }

    private IEnumerable<Plan> Plans() => new[]
    {
        Spends(), Frontier(),
        Later(FitForm.BestOfN), Higher(FitForm.BestOfN), Later(FitForm.Policy), Higher(FitForm.Policy),
        Noisier(FitForm.BestOfN), Noisier(FitForm.Policy),
        Mended(FitForm.BestOfN, Combination.Minimum), Mended(FitForm.BestOfN, Combination.MeanMinusVariance),
        Mended(FitForm.Policy, Combination.Minimum), Mended(FitForm.Policy, Combination.MeanMinusVariance),
    }.OfType<Plan>();

    /// <summary>The policy that is held best: a free one may never gain anything to compare at.</summary>
    private Plan? Spends()
    {
        var policy = _prices.OrderDescending().Select(price => Find(FitForm.Policy, _options.Focus, _noises[0], null, price)).FirstOrDefault(arm => arm is not null);
        var best = Find(FitForm.BestOfN, _options.Focus, _noises[0], null, null);
        return policy is null || best is null ? null : new Plan("rl-spends-more", "A trained policy spends more KL than best-of-n for the same gold",
            $"KL of the policy (price {policy.Price:0.###}) over KL of best-of-n where both have half of what the lower of the two peaks gains, times", new ClaimRule(1, _options.KlRatio), [policy, best],
            of => Math.Min(of(policy).PeakGain, of(best).PeakGain) / 2 is > 0 and var level ? of(policy).KlFor(level) / of(best).KlFor(level) : double.NaN,
            of => Math.Min(of(policy).PeakGain, of(best).PeakGain) < _options.Margin ? $"one of the two never gains {_options.Margin:0.##} σ of gold: there is no level to compare at" : null);
    }

    private Plan? Frontier()
    {
        if (_prices.Length < 2) return null;
        var free = Find(FitForm.Policy, _options.Focus, _noises[0], null, _prices[0]);
        StudyArm[] priced = [.. _prices.Skip(1).Select(price => Find(FitForm.Policy, _options.Focus, _noises[0], null, price)).OfType<StudyArm>()];
        if (free is null || priced.Length == 0) return null;
        return new Plan("price-moves-along", "A price of KL moves a policy along the gold frontier and leaves the frontier where it is",
            "gold with a price minus gold without at the same KL, mean over what both reached, σ", new ClaimRule(0, _options.Margin, IsEqual: true), [free, .. priced],
            of => priced.Average(arm => Apart(of(arm), of(free))),
            of => priced.Any(arm => Math.Min(of(arm).SharedKl, of(free).SharedKl) < LeastShared) ? $"a run stays within {LeastShared:0.##} nats of the reference: there is next to nothing that both reached" : null);
    }

    /// <summary>The mean difference in measured gold over five places, even in √KL, up to where all runs of both have come.</summary>
    private static double Apart(ArmNumbers one, ArmNumbers other)
    {
        var furthest = Math.Sqrt(Math.Min(one.SharedKl, other.SharedKl));
        return Enumerable.Range(1, 5).Average(i => one.MeasuredAt(Math.Pow(furthest * i / 5, 2)) - other.MeasuredAt(Math.Pow(furthest * i / 5, 2)));
    }

    private Plan? Later(FitForm method)
    {
        if (Ends(method) is not var (small, large)) return null;
        return new Plan($"larger-later-{Name(method)}", $"A reward model trained on more pairs peaks later ({Method(method)})", $"KL of gold's peak with {large.Target.Pairs:#,0} pairs over that with {small.Target.Pairs:#,0}, times", new ClaimRule(1, _options.KlRatio), [small, large],
            of => of(large).PeakKl / of(small).PeakKl, of => Sought(of(small), of(large)));
    }

    private Plan? Higher(FitForm method)
    {
        if (Ends(method) is not var (small, large)) return null;
        return new Plan($"larger-higher-{Name(method)}", $"A reward model trained on more pairs peaks higher ({Method(method)})", $"gold at the peak with {large.Target.Pairs:#,0} pairs minus that with {small.Target.Pairs:#,0}, σ", new ClaimRule(0, _options.Margin), [small, large],
            of => of(large).PeakGain - of(small).PeakGain, _ => null);
    }

    private Plan? Noisier(FitForm method)
    {
        if (_noises.Length < 2) return null;
        var pairs = _sizes.Select(size => (Clean: Alone(method, size, _noises[0]), Noisy: Alone(method, size, _noises[^1]))).Where(pair => pair is { Clean: not null, Noisy: not null }).ToArray();
        return pairs.Length == 0 ? null : new Plan($"noise-sooner-{Name(method)}", $"Flipped labels bring the turn forward ({Method(method)})",
            $"KL of gold's peak with {_noises[0]:0.##%} of the labels flipped over that with {_noises[^1]:0.##%}, mean over sizes, times", new ClaimRule(1, _options.KlRatio), [.. pairs.SelectMany(pair => new[] { pair.Clean!, pair.Noisy! })],
            of => GeometricMean(pairs.Select(pair => of(pair.Clean!).PeakKl / of(pair.Noisy!).PeakKl)),
            of => pairs.Any(pair => Sought(of(pair.Noisy!), of(pair.Clean!)) is null) ? null : Sought(of(pairs[0].Noisy!), of(pairs[0].Clean!)));
    }

    /// <summary>Whether an ensemble loses less after the peak than its members alone; for policies with the least price above none.</summary>
    private Plan? Mended(FitForm method, Combination combination)
    {
        double? price = method == FitForm.BestOfN ? null : _prices.Length > 1 ? _prices[1] : _prices.Length == 1 ? _prices[0] : null;
        var pairs = _noises.Select(noise => (Alone: Find(method, _options.Focus, noise, null, price), Ensemble: Find(method, _options.Focus, noise, combination, price))).Where(pair => pair is { Alone: not null, Ensemble: not null }).ToArray();
        if (pairs.Length == 0) return null;
        var with = method == FitForm.BestOfN ? "for best-of-n" : $"for a policy with a price of KL of {price:0.###}";
        return new Plan($"{Short(combination).ToLowerInvariant()}-mends-{Name(method)}", $"{Long(combination)} delays or removes the turn {with}", "gold lost from the peak to the end by a member alone minus that by the ensemble, σ", new ClaimRule(0, _options.Margin), [.. pairs.SelectMany(pair => new[] { pair.Alone!, pair.Ensemble! })],
            of => pairs.Average(pair => of(pair.Alone!).Fall - of(pair.Ensemble!).Fall),
            of => pairs.All(pair => !(of(pair.Alone!).Fall >= _options.Margin)) ? $"a member alone loses less than {_options.Margin:0.##} σ after its peak: there is nothing to mend" : null);
    }

    private (StudyArm Small, StudyArm Large)? Ends(FitForm method)
    {
        StudyArm[] bySize = [.. _sizes.Select(size => Alone(method, size, _noises[0])).OfType<StudyArm>()];
        return bySize.Length < 2 ? null : (bySize[0], bySize[^1]);
    }

    private StudyArm? Alone(FitForm method, int pairs, double noise) => Find(method, pairs, noise, null, method == FitForm.BestOfN || _prices.Length == 0 ? null : _prices[0]);

    private StudyArm? Find(FitForm method, int pairs, double noise, Combination? ensemble, double? price) =>
        _arms.FirstOrDefault(arm => arm.Method == method && arm.Price == price && arm.Target == new StudyTarget(pairs, noise, ensemble));

    /// <summary>A peak that is beyond what was measured is known from one side only; where both are, nothing is.</summary>
    private string? Sought(ArmNumbers one, ArmNumbers other) =>
        !(Math.Max(one.PeakGain, other.PeakGain) >= _options.Margin) ? $"gold never rises by {_options.Margin:0.##} σ: there is no peak to speak of"
        : one.PeaksInside || other.PeaksInside ? null : "neither turns within what was measured";

    private static double GeometricMean(IEnumerable<double> ratios) => Math.Exp(ratios.Average(Math.Log));
}
