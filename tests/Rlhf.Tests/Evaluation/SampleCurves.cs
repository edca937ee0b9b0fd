using Rlhf.Evaluation;

namespace Rlhf.Tests.Evaluation;

/// <summary>Curves with a planted shape, for the tests of everything that reads one.</summary>
internal static class SampleCurves
{
    public static readonly OveroptimisationFit Gold = new(FitForm.Policy, 0.7, 0.35);     // peak at KL 7.39, gain 0.95
    public static readonly OveroptimisationFit Proxy = new(FitForm.Policy, 0.9, 0.1);

    public static readonly BootstrapOptions Options = new() { Resamples = 200, Seed = 2 };

    /// <summary>A run whose gold turns over at KL 7.4 while the proxy goes on.</summary>
    public static Curve Overoptimised() => Of(Policies("demo", [0.5, 2, 5, 8, 14, 22, 32, 45]));

    public static Curve Of(params EvaluatedPolicy[] policies) => CurveBuilder.Build(Reference(), policies, Options);

    public static EvaluatedPrompts Reference() => Answers(0, 0, 0, samples: 8, seed: 1);

    public static EvaluatedPolicy[] Policies(string run, double[] kls, string algorithm = "ppo") =>
        [.. kls.Select((kl, i) => new EvaluatedPolicy(run, algorithm, 20 * (i + 1), 1280L * (i + 1), $"checkpoints/step-{20 * (i + 1):000000}",
            Answers(kl, Proxy.At(kl), Gold.At(kl), samples: 4, seed: 100 + i)))];

    public static EvaluatedPolicy WithoutGold(EvaluatedPolicy policy) => policy with { Prompts = WithoutGold(policy.Prompts) };

    public static EvaluatedPrompts WithoutGold(EvaluatedPrompts prompts) => new(prompts.All.Select(episode => episode with { Gold = null }));

    /// <summary>48 prompts; scores scatter by 1 round what is planted, so a gain of 1 is one standard deviation.</summary>
    private static EvaluatedPrompts Answers(double kl, double proxy, double gold, int samples, int seed)
    {
        var random = new Random(seed);
        return new EvaluatedPrompts(
            from prompt in Enumerable.Range(0, 48)
            from sample in Enumerable.Range(0, samples)
            let quality = Normal(random)
            select new EvaluatedEpisode
            {
                Prompt = prompt,
                Sample = sample,
                PromptText = $"Prompt {prompt}",
                Response = $"Answer {sample}",
                Tokens = [.. Enumerable.Range(0, 4 + prompt % 5).Select(_ => random.Next(50))],
                Ended = prompt % 4 != 0,
                Proxy = proxy + quality,
                Gold = 5 + 2 * (gold + 0.8 * quality + 0.6 * Normal(random)),
                K1 = kl + 0.3 * Math.Sqrt(kl) * Normal(random),
                K3 = kl + 0.3 * Math.Sqrt(kl) * Normal(random),
                ExactKl = kl + 0.1 * Math.Sqrt(kl) * Normal(random),
                Entropy = 1.8,
            });
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
