using Rlhf.Evaluation;

namespace Rlhf.Tests.Evaluation;

public sealed class OveroptimisationTests
{
    private static readonly BootstrapOptions s_options = new() { Resamples = 300, Seed = 1 };
    private static readonly double[] s_kls = [.. Enumerable.Range(1, 60).Select(i => i * 0.8)];

    [Fact]
    public void PeakKl_OfBestOfN_IsAlphaOverTwoBetaSquared()
    {
        var fit = new OveroptimisationFit(FitForm.BestOfN, 1.2, 0.3);
        Assert.Equal(4.0, fit.PeakKl, 12);           // d = 1.2/0.6 = 2
        Assert.Equal(1.2, fit.At(fit.PeakKl), 12);   // 2·(1.2 − 0.6)
    }

    [Fact]
    public void PeakKl_OfPolicy_IsTheExponential()
    {
        var fit = new OveroptimisationFit(FitForm.Policy, 1.5, 0.5);
        Assert.Equal(Math.Exp(4), fit.PeakKl, 9);                    // d = e^(1.5/0.5 − 1) = e²
        Assert.Equal(0.5 * Math.Exp(2), fit.At(fit.PeakKl), 9);      // at the peak R = βd
    }

    [Theory]
    [InlineData(FitForm.BestOfN)]
    [InlineData(FitForm.Policy)]
    public void PeakKl_GoldThatNeverFalls_IsInfinite(FitForm form) =>
        Assert.True(double.IsPositiveInfinity(new OveroptimisationFit(form, 0.5, -0.1).PeakKl));

    [Theory]
    [InlineData(FitForm.BestOfN)]
    [InlineData(FitForm.Policy)]
    public void At_ReferenceItself_IsNoGain(FitForm form)
    {
        Assert.Equal(0, new OveroptimisationFit(form, 1, 1).At(0));
        Assert.Equal(0, new OveroptimisationFit(form, 1, 1).At(-0.01));
    }

    [Theory]
    [InlineData(FitForm.BestOfN, 0.9, 0.08)]
    [InlineData(FitForm.Policy, 0.7, 0.35)]
    public void Fit_ExactPoints_RecoversTheParameters(FitForm form, double alpha, double beta)
    {
        var fit = OveroptimisationFit.Fit(form, s_kls, [.. s_kls.Select(new OveroptimisationFit(form, alpha, beta).At)])!;
        Assert.Equal(alpha, fit.Alpha, 10);
        Assert.Equal(beta, fit.Beta, 10);
    }

    [Theory]
    [InlineData(FitForm.BestOfN, 0.9, 0.08, 1)]
    [InlineData(FitForm.BestOfN, 0.9, 0.08, 2)]
    [InlineData(FitForm.Policy, 0.7, 0.35, 1)]
    [InlineData(FitForm.Policy, 0.7, 0.35, 2)]
    public void Fit_NoisyPoints_RecoversTheParametersWithinTwoPercent(FitForm form, double alpha, double beta, int seed)
    {
        var random = new Random(seed);
        var planted = new OveroptimisationFit(form, alpha, beta);
        var fit = OveroptimisationFit.Fit(form, s_kls, [.. s_kls.Select(kl => planted.At(kl) + 0.03 * Normal(random))])!;
        Assert.InRange(fit.Alpha, alpha * 0.98, alpha * 1.02);
        Assert.InRange(fit.Beta, beta * 0.98, beta * 1.02);
    }

    [Fact]
    public void Fit_OneDrift_IsUndetermined()
    {
        Assert.Null(OveroptimisationFit.Fit(FitForm.BestOfN, [2, 2, 2], [1, 1.1, 0.9]));
        Assert.Null(OveroptimisationFit.Fit(FitForm.Policy, [0, -0.1, 4], [0, 0, 1]));
    }

    [Fact]
    public void Fit_PointsThatAreNaN_AreLeftOut()
    {
        var planted = new OveroptimisationFit(FitForm.Policy, 1, 0.4);
        var fit = OveroptimisationFit.Fit(FitForm.Policy, [1, 4, 9, double.NaN], [planted.At(1), planted.At(4), double.NaN, 3]);
        Assert.Equal(0.4, fit!.Beta, 10);
    }

    [Fact]
    public void Analyse_NoisyPromptsAndPoints_HasPlantedParametersAndPeakInItsIntervals()
    {
        var gold = new OveroptimisationFit(FitForm.Policy, 0.7, 0.35);    // peak at d = e, KL = e² = 7.389, gain 0.35·e = 0.951
        var proxy = new OveroptimisationFit(FitForm.Policy, 0.9, 0.1);
        var points = Points(gold, proxy, noise: 0.05);
        var found = OveroptimisationAnalysis.Analyse("ppo", FitForm.Policy, points, s_options)!;

        Assert.True(found.Gold!.Alpha.Contains(0.7), $"{found.Gold.Alpha}");
        Assert.True(found.Gold.Beta.Contains(0.35), $"{found.Gold.Beta}");
        Assert.True(found.PeakKl!.Contains(Math.E * Math.E), $"{found.PeakKl}");
        Assert.InRange(found.PeakGain!.Value, 0.93, 0.97);
        Assert.InRange(found.GapAtPeak!.Value, proxy.At(7.389) - 0.951 - 0.03, proxy.At(7.389) - 0.951 + 0.03);
        Assert.True(found.PeakIsInsideData);
        Assert.Equal(60, found.Points);
    }

    [Fact]
    public void Analyse_NoGold_FitsTheProxyAlone()
    {
        var law = new OveroptimisationFit(FitForm.BestOfN, 0.9, 0.05);
        var points = Points(law, law, noise: 0.01).Select(point => point with { GoldGain = null }).ToArray();
        var found = OveroptimisationAnalysis.Analyse("best_of_n", FitForm.BestOfN, points, s_options)!;
        Assert.Null(found.Gold);
        Assert.Null(found.PeakKl);
        Assert.InRange(found.Proxy.Alpha.Value, 0.88, 0.92);
    }

    [Fact]
    public void Analyse_GoldThatNeverFalls_HasNoPeak()
    {
        var rising = new OveroptimisationFit(FitForm.Policy, 0.5, -0.2);
        var found = OveroptimisationAnalysis.Analyse("ppo", FitForm.Policy, Points(rising, rising, noise: 0.01), s_options)!;
        Assert.True(double.IsNaN(found.PeakKl!.Value));
        Assert.False(found.PeakIsInsideData);
    }

    [Fact]
    public void Analyse_PointsOfOtherPrompts_AreRefused() =>
        Assert.Throws<ArgumentException>(() => OveroptimisationAnalysis.Analyse("ppo", FitForm.Policy,
            [new FitPoint([1, 2], [1, 1], null), new FitPoint([1], [1], null)], s_options));

    // 60 policies on 40 prompts; each prompt's numbers scatter round the law.
    private static FitPoint[] Points(OveroptimisationFit gold, OveroptimisationFit proxy, double noise)
    {
        var random = new Random(5);
        return [.. s_kls.Select(kl => new FitPoint(
            [.. Enumerable.Range(0, 40).Select(_ => kl)],
            [.. Enumerable.Range(0, 40).Select(_ => proxy.At(kl) + noise * Normal(random))],
            [.. Enumerable.Range(0, 40).Select(_ => gold.At(kl) + noise * Normal(random))]))];
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
