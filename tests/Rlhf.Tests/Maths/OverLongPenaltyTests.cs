using Rlhf.Maths;

namespace Rlhf.Tests.Maths;

public sealed class OverLongPenaltyTests
{
    [Theory]
    [InlineData(15, 0)]
    [InlineData(16, 0)]
    [InlineData(17, 0.5)]
    [InlineData(18, 1)]
    [InlineData(20, 2)]
    public void Of_WindowOfFourBeforeTwenty_RisesFromNothingToTheAmount(int length, double expected) =>
        Assert.Equal(expected, OverLongPenalty.Of(length, amount: 2, window: 4, limit: 20), 12);

    [Fact]
    public void Of_NoWindow_CostsNothing() => Assert.Equal(0, OverLongPenalty.Of(20, amount: 2, window: 0, limit: 20));
}
