using Rlhf.Evaluation;

namespace Rlhf.Tests.Evaluation;

public sealed class BootstrapTests
{
    private static readonly BootstrapOptions s_options = new() { Resamples = 2000, Seed = 7 };

    [Fact]
    public void Mean_OfEqualNumbers_HasNoWidth() =>
        Assert.Equal(new Estimate(3, 3, 3), Bootstrap.Mean([3, 3, 3, 3], s_options));

    [Fact]
    public void Mean_OfManyNumbers_HasTheWidthOfTheNormalInterval()
    {
        // 0 … 99: standard deviation √(9999/12) = 28.866, standard error 2.8866, half-width 1.96·2.8866 = 5.658
        var estimate = Bootstrap.Mean([.. Enumerable.Range(0, 100).Select(i => (double)i)], s_options);
        Assert.Equal(49.5, estimate.Value, 12);
        Assert.InRange(estimate.High - estimate.Low, 2 * 5.658 * 0.93, 2 * 5.658 * 1.07);
        Assert.True(estimate.Contains(49.5));
        Assert.InRange(estimate.StandardError, 2.8866 * 0.93, 2.8866 * 1.07);
    }

    [Fact]
    public void Mean_SameSeed_GivesTheSameInterval_AndAnotherSeedAnother()
    {
        double[] values = [1, 2, 4, 8, 16, 32.5];
        Assert.Equal(Bootstrap.Mean(values, s_options), Bootstrap.Mean(values, s_options));
        Assert.NotEqual(Bootstrap.Mean(values, s_options with { Resamples = 50 }), Bootstrap.Mean(values, s_options with { Resamples = 50, Seed = 8 }));
    }

    [Fact]
    public void Mean_LowerLevel_IsNarrower()
    {
        double[] values = [.. Enumerable.Range(0, 50).Select(i => Math.Sin(i))];
        var wide = Bootstrap.Mean(values, s_options);
        var narrow = Bootstrap.Mean(values, s_options with { Level = 0.5 });
        Assert.True(narrow.High - narrow.Low < 0.5 * (wide.High - wide.Low));
    }

    [Fact]
    public void Statistics_OfPairs_KeepsThemTogether()
    {
        // The sum of x and −x is 0 in every replicate only where both are drawn with the same index.
        double[] x = [1, 5, 2, 9];
        var both = Bootstrap.Statistics(4, drawn => [drawn.Sum(i => x[i] - x[i])], s_options)[0];
        Assert.Equal(new Estimate(0, 0, 0), both);
    }

    [Fact]
    public void Statistics_OfTwoKinds_ResamplesEachOnItsOwn()
    {
        var pairs = new HashSet<(int, int)>();
        Bootstrap.Statistics([2, 2], drawn => { pairs.Add((drawn[0][0], drawn[1][0])); return [0]; }, s_options with { Resamples = 200 });
        Assert.Equal(4, pairs.Count);
    }

    [Fact]
    public void Statistics_MostReplicatesNaN_HasNoBounds()
    {
        var first = true;
        var estimate = Bootstrap.Statistics(3, _ => { var value = first ? 2.0 : double.NaN; first = false; return [value]; }, s_options)[0];
        Assert.Equal(2, estimate.Value);
        Assert.True(double.IsNaN(estimate.Low) && double.IsNaN(estimate.High));
    }

    [Fact]
    public void Mean_OfNothing_IsNaNEverywhere() =>
        Assert.True(double.IsNaN(Bootstrap.Mean([], s_options).Value) && double.IsNaN(Bootstrap.Mean([], s_options).Low));

    [Theory]
    [InlineData(0.0, 1.0)]
    [InlineData(0.5, 2.5)]
    [InlineData(0.25, 1.75)]
    [InlineData(1.0, 4.0)]
    public void Quantile_OfOneToFour_InterpolatesLinearly(double probability, double expected) =>
        Assert.Equal(expected, Bootstrap.Quantile([1, 2, 3, 4], probability), 12);
}
