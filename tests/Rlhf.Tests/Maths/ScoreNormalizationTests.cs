using Rlhf.Maths;

namespace Rlhf.Tests.Maths;

public sealed class ScoreNormalizationTests
{
    [Fact]
    public void RunningMoments_InTwoBatches_EqualThoseOfTheWhole()
    {
        var moments = new RunningMoments();
        moments.Observe([1, 2, 3]);
        moments.Observe([4, 10]);
        Assert.Equal(4, moments.Mean, 12);
        Assert.Equal(Math.Sqrt(10), moments.Deviation, 12);   // (9 + 4 + 1 + 0 + 36) / 5
    }

    [Fact]
    public void RunningMoments_Restored_ContinueAsIfNeverStopped()
    {
        var moments = new RunningMoments();
        moments.Restore(count: 3, mean: 2, squaredDeviations: 2);
        moments.Observe([4, 10]);
        Assert.Equal(Math.Sqrt(10), moments.Deviation, 12);
    }

    [Theory]
    [InlineData(ScoreScaling.None, 7.0)]
    [InlineData(ScoreScaling.RunningStd, 3.5)]
    [InlineData(ScoreScaling.RunningMeanStd, 1.0)]
    public void Scale_MeanFiveDeviationTwo_DoesWhatItsNameSays(ScoreScaling scaling, double expected)
    {
        var moments = new RunningMoments();
        moments.Observe([3, 7]);
        Assert.Equal([expected], ScoreNormalization.Scale([7], scaling, moments).Select(x => Math.Round(x, 6)));
    }

    [Fact]
    public void Clip_LimitFive_BoundsBothSides() => Assert.Equal([-5, 1, 5], ScoreNormalization.Clip([-9, 1, 9], 5));

    [Fact]
    public void Clip_LimitZero_LeavesScoresAlone() => Assert.Equal([-9, 9], ScoreNormalization.Clip([-9, 9], 0));

    [Theory]
    [InlineData(MissingEosRule.None, 2.0)]
    [InlineData(MissingEosRule.Subtract, 0.5)]
    [InlineData(MissingEosRule.Replace, 1.5)]
    public void MissingEos_OneEpisodeCutOff_ChangesThatOneAlone(MissingEosRule rule, double expected) =>
        Assert.Equal([2, expected], MissingEos.Apply(rule, 1.5, [2, 2], [true, false]));
}
