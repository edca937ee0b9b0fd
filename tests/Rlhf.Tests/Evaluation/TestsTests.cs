using MathNet.Numerics.Distributions;
using Rlhf.Evaluation;

namespace Rlhf.Tests.Evaluation;

/// <summary>Distributions, tests, corrections and power against tables.</summary>
public sealed class TestsTests
{
    [Theory]
    [InlineData(1, 0.975, 12.7062047362)]
    [InlineData(7, 0.975, 2.3646242516)]
    [InlineData(63, 0.975, 1.9983405417)]
    [InlineData(30, 0.95, 1.6972608866)]
    [InlineData(10, 0.025, -2.2281388520)]
    public void StudentT_Quantiles_AreThoseOfTheTables(double freedom, double probability, double expected)
    {
        Assert.Equal(expected, StudentT.InvCDF(0, 1, freedom, probability), 6);
        Assert.Equal(probability, StudentT.CDF(0, 1, freedom, expected), 8);
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1.959963985, 0.975)]
    [InlineData(-3, 0.0013498980)]
    public void Normal_Probabilities_AreThoseOfTheTables(double z, double expected)
    {
        Assert.Equal(expected, Normal.CDF(0, 1, z), 6);
        Assert.Equal(z, Normal.InvCDF(0, 1, expected), 5);
    }

    [Fact]
    public void Accelerated_OfASkewedStatistic_LeansToItsLongSide_AndOfAMeanStaysThePercentiles()
    {
        double[] values = [.. Enumerable.Range(1, 60).Select(i => Math.Sin(i))];
        var mean = Bootstrap.Accelerated(60, drawn => drawn.Average(i => values[i]), new BootstrapOptions());
        var plain = Bootstrap.Mean(values, new BootstrapOptions());
        Assert.Equal(plain.Low, mean.Low, 0.03);
        Assert.Equal(plain.High, mean.High, 0.03);
        // The variance of these is estimated too low by resampling: the corrected bounds lie higher.
        double Variance(int[] drawn) => drawn.Average(i => values[i] * values[i]) - Math.Pow(drawn.Average(i => values[i]), 2);
        var percentile = Bootstrap.Statistics(60, drawn => [Variance(drawn)], new BootstrapOptions())[0];
        var corrected = Bootstrap.Accelerated(60, Variance, new BootstrapOptions());
        Assert.True(corrected.High > percentile.High && corrected.Low > percentile.Low, $"{corrected} {percentile}");
    }

    [Fact]
    public void PairedTest_FiveDifferences_IsStudentsByHand()
    {
        // mean 3, standard deviation √2.5, error √0.5: t = 4.2426 with 4 degrees of freedom, p = 0.01324; half-width 2.7764·0.70711 = 1.96324
        var test = PairedTest.Of([1, 2, 3, 4, 5]);
        Assert.Equal(3, test.Difference.Value);
        Assert.Equal(3 - 1.96324, test.Difference.Low, 4);
        Assert.Equal(0.01324, test.Probability, 4);
    }

    [Fact]
    public void PairedTest_OfEquals_IsNoDifferenceAtAll() => Assert.Equal(new PairedTest(Estimate.Exactly(0), 1), PairedTest.Of([0, 0, 0]));

    [Fact]
    public void Holm_FourProbabilities_AreAdjustedInTheirPlaces()
    {
        // sorted 0.005·4, 0.01·3, 0.03·2, 0.04·1 → 0.02, 0.03, 0.06, and no less than before: 0.06
        var adjusted = Holm.Adjust([0.01, 0.04, 0.03, 0.005]);
        Assert.Equal([0.03, 0.06, 0.06, 0.02], adjusted.Select(one => Math.Round(one, 12)));
        Assert.Equal([1.0], Holm.Adjust([1]));
    }

    [Fact]
    public void Power_OfASpreadOfOne_IsTheTextbooks()
    {
        Assert.Equal(785, Power.Prompts(1, 0.1));          // (2.801585/0.1)² = 784.9
        Assert.Equal(32, Power.Prompts(0.2, 0.1));         // 31.4
        Assert.Equal(0.1, Power.Detectable(1, 785), 4);
    }

    [Fact]
    public void Power_OfACurve_SaysWhatItsPromptsTell()
    {
        var words = Power.Sentence(SampleCurves.Overoptimised());
        Assert.Contains("these 48 tell 0.", words);
        Assert.Contains("σ of gold apart", words);
        Assert.Null(Power.Sentence(SampleCurves.Of()));
    }

    [Fact]
    public void WinRate_AllWon_HasTheExactBoundOfAShare()
    {
        var rate = WinRate.OfPrompts([.. Enumerable.Repeat(new[] { 2.0 }, 30)], [.. Enumerable.Repeat(new[] { 1.0 }, 30)], SampleCurves.Options);
        Assert.Equal(0.8843, rate.Low, 4);     // 0.025^(1/30), the Clopper–Pearson bound
        Assert.Equal((1, 1), (rate.Value, rate.High));
    }

    [Fact]
    public void Gain_DeviationOfFewSamples_WidensTheInterval()
    {
        // The difference is 1 on every prompt; all that is uncertain is σ.
        var random = new Random(3);
        IReadOnlyList<double>[] reference = [.. Enumerable.Range(0, 40).Select(_ => new[] { random.NextDouble(), random.NextDouble() })];
        var gain = Gain.Estimate([.. reference.Select(samples => samples.Average() + 1)], reference, new BootstrapOptions());
        Assert.InRange(gain.Value, 3, 4.2);                    // 1/σ of a uniform is 3.46
        Assert.InRange(gain.High - gain.Low, 0.4, 1.6);
    }

    [Fact]
    public void Comparison_OfRuns_TellsApartWhatDiffers_AndSaysNothingOfOneRun()
    {
        var good = SampleCurves.Policies("good", [5.0, 7, 8, 9]);
        var alike = SampleCurves.Policies("alike", [5.0, 7, 8, 9]).Select(policy => policy with { Run = "alike" });
        var bad = SampleCurves.Policies("bad", [0.05, 0.06, 0.07, 0.08]);
        var runs = RunComparison.Of(SampleCurves.Of([.. good, .. alike, .. bad]));
        Assert.Equal(3, runs.Count);
        Assert.Null(runs[0].Behind);
        Assert.False(runs[1].IsToldApart);
        Assert.Equal(("bad", true), (runs[2].Run, runs[2].IsToldApart));
        Assert.True(runs[2].Behind!.Low > 0.3);
        Assert.Empty(RunComparison.Of(SampleCurves.Overoptimised()));
    }
}
