using Rlhf.Rewards.Evaluation;

namespace Rlhf.Rewards.Tests.Evaluation;

public sealed class CorrelationTests
{
    [Fact]
    public void Pearson_OfAStraightLine_IsOne()
    {
        Assert.Equal(1, Correlation.Pearson([1, 2, 3], [5, 7, 9]), 12);
        Assert.Equal(-1, Correlation.Pearson([1, 2, 3], [9, 7, 5]), 12);
    }

    [Fact]
    public void Pearson_HandComputed() =>   // dx = (−1, 0, 1), dy = (−4, −1, 5)/3
        Assert.Equal(3 / Math.Sqrt(2 * 14.0 / 3), Correlation.Pearson([1, 2, 3], [1, 2, 4]), 12);

    [Fact]
    public void Pearson_ConstantSide_IsNaN() => Assert.True(double.IsNaN(Correlation.Pearson([1, 2], [3, 3])));

    [Fact]
    public void Ranks_Ties_ShareTheMean() => Assert.Equal([1, 3.5, 3.5, 2, 5], Correlation.Ranks([-1, 4, 4, 0, 9]));

    [Fact]
    public void Spearman_MonotoneCurve_IsOne() => Assert.Equal(1, Correlation.Spearman([1, 2, 3, 4], [1, 10, 100, 1e6]), 12);
}
