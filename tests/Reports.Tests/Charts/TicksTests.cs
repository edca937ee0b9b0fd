using Rlhf.Reports.Charts;

namespace Rlhf.Reports.Tests.Charts;

public sealed class TicksTests
{
    [Theory]
    [InlineData(10, 5, 2.0)]
    [InlineData(1, 4, 0.5)]
    [InlineData(0.07, 7, 0.01)]
    [InlineData(900, 3, 500)]
    [InlineData(1, 10, 0.1)]
    public void Step_IsOneTwoOrFiveTimesAPowerOfTen(double range, double intervals, double expected) =>
        Assert.Equal(expected, Ticks.Step(range, intervals), 12);

    [Fact]
    public void Of_Linear_AreRoundNumbersWithoutRoundingDust() =>
        Assert.Equal([0, 0.1, 0.2, 0.3, 0.4, 0.5], Ticks.Of(new Scale(ScaleKind.Linear, 0, 0.5, 0, 300), 50));

    [Fact]
    public void Of_LinearAroundZero_HasAPlainZero() =>
        Assert.Equal([-0.2, 0, 0.2, 0.4], Ticks.Of(new Scale(ScaleKind.Linear, -0.25, 0.5, 200, 0), 50));

    [Fact]
    public void Of_LogOverDecades_AreThePowersFirst() =>
        Assert.Equal([0.001, 0.01, 0.1, 1, 10, 100], Ticks.Of(new Scale(ScaleKind.Log, 0.001, 100, 0, 300), 45));

    [Fact]
    public void Of_LogWithinADecade_AreOneTwoFive() =>
        Assert.Equal([0.2, 0.5, 1, 2, 5, 10], Ticks.Of(new Scale(ScaleKind.Log, 0.2, 10, 300, 0), 38));

    [Fact]
    public void Of_SquareRoot_KeepTheirDistanceOnTheBentAxis()
    {
        var scale = new Scale(ScaleKind.SquareRoot, 0, 45, 0, 600);
        var ticks = Ticks.Of(scale, 46);
        Assert.Equal(0, ticks[0]);
        Assert.Contains(10, ticks);
        Assert.Contains(40, ticks);
        Assert.All(ticks.Zip(ticks.Skip(1)), pair => Assert.True(scale.At(pair.Second) - scale.At(pair.First) >= 46));
    }

    [Theory]
    [InlineData(0.3, 9.7, 0, 10)]
    [InlineData(-1.1, 3.9, -2, 4)]
    public void Rounded_MovesTheEndsOutwards(double min, double max, double low, double high) =>
        Assert.Equal((low, high), Ticks.Rounded(min, max, 5));

    [Theory]
    [InlineData(0.27, 9.9, 0.2, 10)]
    [InlineData(0.001, 0.06, 0.001, 0.1)]
    public void RoundedLog_MovesTheEndsToOneTwoFive(double min, double max, double low, double high)
    {
        var (foundLow, foundHigh) = Ticks.RoundedLog(min, max);
        Assert.Equal(low, foundLow, 12);
        Assert.Equal(high, foundHigh, 12);
    }
}
