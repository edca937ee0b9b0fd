using Rlhf.Maths;
using Rlhf.Rewards.Evaluation;

namespace Rlhf.Evaluation;

/// <summary>From measured episodes to the numbers of a point.</summary>
internal static class CurvePoints
{
    /// <summary>Sums up one policy against the reference, which answered the same prompts.</summary>
    public static CurvePoint Summarize(EvaluatedPolicy policy, EvaluatedPrompts reference, BootstrapOptions options)
    {
        var prompts = policy.Prompts;
        if (!prompts.Places.SequenceEqual(reference.Places))
            throw new ArgumentException($"{policy.Run} step {policy.Step} answered {prompts.Count} prompts and the reference {reference.Count}, not the same ones: they are compared prompt by prompt");

        var gold = prompts.HasGold && reference.HasGold;
        var length = prompts.All.Sum(episode => (double)episode.Tokens.Count);
        return new CurvePoint
        {
            Run = policy.Run,
            Algorithm = policy.Algorithm,
            Step = policy.Step,
            Episodes = policy.Episodes,
            Checkpoint = policy.Checkpoint,
            Kl = KlSummary.Of(prompts.Means(e => e.K1), prompts.Means(e => e.K3), prompts.Means(e => e.ExactKl), options),
            KlPerToken = prompts.All.Sum(e => double.IsFinite(e.ExactKl) ? e.ExactKl : e.K1) / length,
            Proxy = Bootstrap.Mean(prompts.Means(Proxy), options),
            Gold = gold ? Bootstrap.Mean(prompts.Means(Gold), options) : null,
            ProxyGain = Gain.Estimate(prompts.Means(Proxy), reference.Values(Proxy), options),
            GoldGain = gold ? Gain.Estimate(prompts.Means(Gold), reference.Values(Gold), options) : null,
            ProxyWinRate = WinRate.OfPrompts(prompts.Values(Proxy), reference.Values(Proxy), options),
            GoldWinRate = gold ? WinRate.OfPrompts(prompts.Values(Gold), reference.Values(Gold), options) : null,
            Length = Bootstrap.Mean(prompts.Means(e => e.Tokens.Count), options),
            EosRate = prompts.All.Average(e => e.Ended ? 1.0 : 0.0),
            Entropy = prompts.All.Sum(e => e.Entropy * e.Tokens.Count) / length,
            Distinct1 = Diversity.Distinct(prompts.First.Select(e => e.Tokens), 1),
            Distinct2 = Diversity.Distinct(prompts.First.Select(e => e.Tokens), 2),
            Repetition = Diversity.Repetition(prompts.All.Select(e => e.Tokens), 3),
            ByPrompt = ForFit(prompts, reference),
            ProxyGoldCorrelation = gold ? Correlation.Spearman([.. prompts.All.Select(Proxy)], [.. prompts.All.Select(Gold)]) : double.NaN,
        };
    }

    /// <summary>The reference against itself, at KL 0.</summary>
    public static CurvePoint Reference(EvaluatedPrompts reference, BootstrapOptions options)
    {
        var zero = Estimate.Exactly(0);
        var itself = Summarize(new EvaluatedPolicy("reference", "reference", 0, 0, "", reference), reference, options);
        return itself with { Kl = new KlSummary(zero, zero, zero), KlPerToken = 0 };
    }

    /// <summary>Best-of-n for n = 1 … the number of samples that every prompt has.</summary>
    public static IReadOnlyList<BestOfNPoint> BestOfNCurve(EvaluatedPrompts reference, BootstrapOptions options)
    {
        var proxy = BestOfNMeans(reference, Proxy);
        var gold = reference.HasGold ? BestOfNMeans(reference, Gold) : null;
        var ofProxy = reference.Values(Proxy);
        var ofGold = reference.HasGold ? reference.Values(Gold) : null;
        return [.. Enumerable.Range(0, reference.Samples).Select(i => new BestOfNPoint
        {
            N = i + 1,
            Kl = BestOfN.Kl(i + 1),
            Proxy = Bootstrap.Mean(proxy[i], options),
            Gold = gold is null ? null : Bootstrap.Mean(gold[i], options),
            ProxyGain = Gain.Estimate(proxy[i], proxy[0], ofProxy, options),
            GoldGain = gold is null ? null : Gain.Estimate(gold[i], gold[0], ofGold!, options),
        })];
    }

    /// <summary>The policy's numbers per prompt, for a fit.</summary>
    public static FitPoint ForFit(EvaluatedPrompts policy, EvaluatedPrompts reference) => new(
        policy.Means(e => double.IsFinite(e.ExactKl) ? e.ExactKl : e.K1),
        Gains(policy, reference, Proxy),
        policy.HasGold && reference.HasGold ? Gains(policy, reference, Gold) : null);

    /// <summary>Best-of-n's numbers per prompt, for a fit; n = 1 is the reference and says nothing.</summary>
    public static IReadOnlyList<FitPoint> BestOfNForFit(EvaluatedPrompts reference)
    {
        var proxy = BestOfNGains(reference, Proxy);
        var gold = reference.HasGold ? BestOfNGains(reference, Gold) : null;
        return [.. Enumerable.Range(1, Math.Max(0, reference.Samples - 1)).Select(i => new FitPoint(
            [.. Enumerable.Repeat(BestOfN.Kl(i + 1), reference.Count)], proxy[i], gold?[i]))];
    }

    private static double Proxy(EvaluatedEpisode episode) => episode.Proxy;

    private static double Gold(EvaluatedEpisode episode) => episode.Gold ?? double.NaN;

    private static double[] Gains(EvaluatedPrompts policy, EvaluatedPrompts reference, Func<EvaluatedEpisode, double> score) =>
        ScoreScale.Of([.. reference.All.Select(score)]).Gains(policy.Means(score), reference.Means(score));

    // [n − 1][prompt]: all prompts use as many samples as the poorest has.
    private static double[][] BestOfNMeans(EvaluatedPrompts reference, Func<EvaluatedEpisode, double> value)
    {
        var byPrompt = Enumerable.Range(0, reference.Count).Select(prompt =>
        {
            var samples = reference[prompt].Take(reference.Samples).ToArray();
            return BestOfN.Expected([.. samples.Select(Proxy)], [.. samples.Select(value)]);
        }).ToArray();
        return [.. Enumerable.Range(0, reference.Samples).Select(i => byPrompt.Select(prompt => prompt[i]).ToArray())];
    }

    private static double[][] BestOfNGains(EvaluatedPrompts reference, Func<EvaluatedEpisode, double> score)
    {
        var scale = ScoreScale.Of([.. reference.All.Select(score)]);
        var means = BestOfNMeans(reference, score);
        return [.. means.Select(ofN => scale.Gains(ofN, means[0]))];
    }
}
