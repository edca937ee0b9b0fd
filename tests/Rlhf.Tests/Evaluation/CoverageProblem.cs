using Rlhf.Evaluation;

namespace Rlhf.Tests.Evaluation;

/// <summary>How often an interval held the true number.</summary>
internal sealed record Coverage(string Name, int Held, int Repetitions)
{
    public double Share => (double)Held / Repetitions;
}

/// <summary>
/// A world in which every number that reports show with an interval is known: prompts differ, samples of a prompt differ, KL is skewed as
/// real KL is, and the checkpoints of a run follow a law. Evaluated again and again, by the code that makes reports.
/// </summary>
internal static class CoverageProblem
{
    private const double PromptSpread = 0.6, SampleSpread = 0.8;   // together 1: gains are in σ
    private const double Gain = 0.5, GainSpread = 0.5, MeanKl = 4, ProxyShare = 0.7;
    private const int Samples = 4, BestOf = 16;

    /// <summary>The expected largest of 4 and of 16 normal draws (Harter 1961).</summary>
    private const double LargestOf4 = 1.0293753730, LargestOf16 = 1.7659913931;

    private static readonly OveroptimisationFit s_law = new(FitForm.Policy, 0.7, 0.35);   // peak at KL e² = 7.389, gain 0.951
    private static readonly OveroptimisationFit s_bestLaw = new(FitForm.BestOfN, 1.2, 0.5);   // peak at KL 1.44, gain 0.72

    /// <summary>P(a policy's sample scores above the reference's) = Φ(gain/√(spread of gains² + 2·spread of samples²)) = Φ(0.5/√1.53).</summary>
    public const double WinRate = 0.65698;

    public static IReadOnlyList<Coverage> Measure(int repetitions, int prompts, BootstrapOptions options)
    {
        var held = new Dictionary<string, int>();
        for (var repetition = 0; repetition < repetitions; repetition++)
            foreach (var (name, interval, truth) in Once(new Random(repetition), prompts, options with { Seed = repetition }))
                held[name] = held.GetValueOrDefault(name) + (Holds(interval, truth) ? 1 : 0);
        return [.. held.Select(one => new Coverage(one.Key, one.Value, repetitions))];
    }

    private static IEnumerable<(string Name, Estimate Interval, double Truth)> Once(Random random, int prompts, BootstrapOptions options)
    {
        double[] level = [.. Enumerable.Range(0, prompts).Select(_ => PromptSpread * Normal(random))];
        var reference = new EvaluatedPrompts(from prompt in Enumerable.Range(0, prompts) from sample in Enumerable.Range(0, BestOf) select Sampled(random, prompt, sample, level[prompt], 0));
        double[] gains = [.. level.Select(_ => Gain + GainSpread * Normal(random))];
        double[] drift = [.. level.Select(_ => MeanKl * Gamma(random, 4))];
        var policy = new EvaluatedPrompts(from prompt in Enumerable.Range(0, prompts) from sample in Enumerable.Range(0, Samples) select Sampled(random, prompt, sample, level[prompt] + gains[prompt], drift[prompt] * Gamma(random, 8)));
        var point = CurvePoints.Summarize(new EvaluatedPolicy("run", "ppo", 1, 1, "", policy), reference, options);
        yield return ("mean gain", point.GoldGain!, Gain);
        yield return ("win rate", point.GoldWinRate!, WinRate);
        yield return ("KL", point.Kl.Exact, MeanKl);
        var best = CurvePoints.BestOfNCurve(reference, options);
        yield return ("best of 4, proxy", best[3].ProxyGain, SampleSpread * LargestOf4);
        yield return ("best of 4, gold", best[3].GoldGain!, ProxyShare * SampleSpread * LargestOf4);
        yield return ("best of 16, gold", best[15].GoldGain!, ProxyShare * SampleSpread * LargestOf16);
        var chosen = OveroptimisationAnalysis.Analyse("best_of_n", FitForm.BestOfN, Checkpoints(random, prompts, 0, s_bestLaw, [0.2, 0.6, 1.2, 1.8, 2.5, 3.2, 3.9, 4.5]), options)!;
        yield return ("fitted peak, best-of-n", chosen.PeakKl!, s_bestLaw.PeakKl);
        foreach (var (name, scatter) in new[] { ("checkpoints on the law", 0.0), ("checkpoints scattered by 0.05 σ", 0.05) })
        {
            var fit = OveroptimisationAnalysis.Analyse("ppo", FitForm.Policy, Checkpoints(random, prompts, scatter, s_law, [0.5, 1.5, 3, 5, 8, 12, 17, 24]), options)!;
            yield return ($"fitted peak, {name}", fit.PeakKl!, s_law.PeakKl);
            yield return ($"gain at the fitted peak, {name}", fit.PeakGain!, s_law.At(s_law.PeakKl));
            yield return ($"fitted α, {name}", fit.Gold!.Alpha, s_law.Alpha);
            yield return ($"fitted β, {name}", fit.Gold.Beta, s_law.Beta);
        }
    }

    private static EvaluatedEpisode Sampled(Random random, int prompt, int sample, double level, double kl)
    {
        var quality = Normal(random);
        return new EvaluatedEpisode
        {
            Prompt = prompt, Sample = sample, Tokens = [1], Ended = true, Entropy = 1, K1 = kl, K3 = kl, ExactKl = kl,
            Proxy = level + SampleSpread * quality,
            Gold = level + SampleSpread * (ProxyShare * quality + Math.Sqrt(1 - ProxyShare * ProxyShare) * Normal(random)),
        };
    }

    // Prompts answer alike to all checkpoints in part, as they do in a run.
    private static FitPoint[] Checkpoints(Random random, int prompts, double scatter, OveroptimisationFit law, double[] kls)
    {
        double[] own = [.. Enumerable.Range(0, prompts).Select(_ => 0.3 * Normal(random))];
        return [.. kls.Select(kl =>
        {
            var off = scatter * Normal(random);
            double[] gold = [.. own.Select(one => law.At(kl) + off + one * Math.Sqrt(kl) / 3 + 0.5 * Normal(random))];
            return new FitPoint([.. own.Select(_ => kl)], gold, gold);
        })];
    }

    // A bound that the data do not set leaves that side open.
    private static bool Holds(Estimate interval, double truth) => !(interval.Low > truth) && !(interval.High < truth);

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Of mean 1, the mean of so many exponential draws.</summary>
    private static double Gamma(Random random, int shape) => Enumerable.Range(0, shape).Average(_ => -Math.Log(1 - random.NextDouble()));
}
