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

    [Theory]
    [InlineData(ScoreScaling.RunningStd, 0.1f, 0.1f)]
    [InlineData(ScoreScaling.RunningMeanStd, 0.1f, 0f)]
    public void Scale_AllScoresTheSameSoFar_DividesByNothing(ScoreScaling scaling, float score, float expected)
    {
        // Whatever rounding leaves of a deviation must not blow up what comes in float32.
        var moments = new RunningMoments();
        moments.Observe([score, score, score]);
        Assert.Equal([expected], ScoreNormalization.Scale([score], scaling, moments).Select(x => (float)x));
        Assert.Equal(0, moments.Deviation);
    }

    [Fact]
    public void Scale_FirstVarianceAfterAConstantBatch_IsScaledByIt()
    {
        var moments = new RunningMoments();
        moments.Observe([0, 0]);
        moments.Observe([0, 4]);
        Assert.Equal([4 / Math.Sqrt(3)], ScoreNormalization.Scale([4], ScoreScaling.RunningStd, moments));   // (1 + 1 + 1 + 9) / 4
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
