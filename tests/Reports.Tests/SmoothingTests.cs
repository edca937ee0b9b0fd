namespace Rlhf.Reports.Tests;

public sealed class SmoothingTests
{
    [Fact]
    public void LocalLine_OfAStraightLine_IsTheLineToItsEnds()
    {
        double[] line = [.. Enumerable.Range(0, 50).Select(i => 3 - 0.5 * i)];
        var smooth = Smoothing.LocalLine(line, 8);
        for (var i = 0; i < line.Length; i++) Assert.Equal(line[i], smooth[i], 8);
    }

    [Fact]
    public void LocalLine_InTheMiddle_IsTheMovingAverage() =>
        Assert.Equal(14.0 / 5, Smoothing.LocalLine([9, 1, 5, 0, 3, 5, 9], 2)[3], 9);   // (1 + 5 + 0 + 3 + 5)/5

    [Fact]
    public void LocalLine_NaN_StaysAGapAndCountsForNothing()
    {
        var smooth = Smoothing.LocalLine([2, 2, double.NaN, 2, 2], 2);
        Assert.True(double.IsNaN(smooth[2]));
        Assert.Equal(2, smooth[1], 9);
        Assert.Equal(2, smooth[4], 9);
    }
}
