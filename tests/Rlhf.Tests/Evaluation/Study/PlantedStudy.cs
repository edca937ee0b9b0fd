using Rlhf.Evaluation;
using Rlhf.Evaluation.Study;
using Rlhf.Rewards.Models;

namespace Rlhf.Tests.Evaluation.Study;

/// <summary>Studies whose answer is planted.</summary>
internal static class PlantedStudy
{
    public const int Prompts = 200;

    private static readonly int[] s_counts = [2, 4, 8, 16, 32, 64, 128, 256];
    private static readonly double[] s_kls = [0.5, 1.5, 3, 5, 8, 12, 17, 24];

    /// <summary>Best-of-n from a pool whose scores are given: proxy and gold of each sample of a prompt.</summary>
    public static StudyArm BestOfN(StudyTarget target, Func<Random, (double Proxy, double Gold)> draw, int runs = 2) =>
        new(target, FitForm.BestOfN, null, [.. Enumerable.Range(0, runs).Select(run => new StudyRun($"member {run + 1}", Chosen(new Random(run + 1), draw)))]);

    /// <summary>Both scores follow laws, with noise over prompts.</summary>
    public static StudyArm Policy(StudyTarget target, double price, OveroptimisationFit gold, OveroptimisationFit? proxy = null, double furthest = 24, int seed = 1) =>
        new(target, FitForm.Policy, price, [.. new[] { 0, 1 }.Select(run => new StudyRun($"seed {run + 1}", Followed(new Random(10 * seed + run), FitForm.Policy, s_kls.Where(kl => kl <= furthest), gold, proxy ?? gold)))]);

    /// <summary>Best-of-n whose gold follows a law.</summary>
    public static StudyArm BestOfN(StudyTarget target, OveroptimisationFit gold, int seed = 1) =>
        new(target, FitForm.BestOfN, null, [.. new[] { 0, 1 }.Select(run => new StudyRun($"member {run + 1}", Followed(new Random(20 * seed + run), FitForm.BestOfN, s_counts.Select(Rlhf.Evaluation.BestOfN.Kl), gold, gold)))]);

    public static StudyArm Combined(StudyArm alone, Combination combination) => alone with { Target = alone.Target with { Ensemble = combination }, Runs = [alone.Runs[0]] };

    private static FitPoint[] Followed(Random random, FitForm form, IEnumerable<double> kls, OveroptimisationFit gold, OveroptimisationFit proxy)
    {
        Assert.Equal(form, gold.Form);
        double[] own = [.. Enumerable.Range(0, Prompts).Select(_ => 0.2 * Normal(random))];
        return [.. kls.Select(kl => new FitPoint([.. own.Select(_ => kl)], [.. own.Select(one => proxy.At(kl) + one + 0.2 * Normal(random))], [.. own.Select(one => gold.At(kl) + one + 0.2 * Normal(random))]))];
    }

    private static FitPoint[] Chosen(Random random, Func<Random, (double Proxy, double Gold)> draw)
    {
        var pool = Enumerable.Range(0, Prompts).Select(_ => Enumerable.Range(0, 256).Select(_ => draw(random)).ToArray()).ToArray();
        return [.. s_counts.Select(n => new FitPoint([.. pool.Select(_ => Rlhf.Evaluation.BestOfN.Kl(n))], [.. pool.Select(samples => Expected(samples, one => one.Proxy, n))], [.. pool.Select(samples => Expected(samples, one => one.Gold, n))]))];
    }

    private static double Expected((double Proxy, double Gold)[] samples, Func<(double Proxy, double Gold), double> of, int n) =>
        Rlhf.Evaluation.BestOfN.Expected([.. samples.Select(one => one.Proxy)], [.. samples.Select(of)], [n])[0] - samples.Average(of);

    public static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
