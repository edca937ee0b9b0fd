using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Training;

namespace Rlhf.Policies.Tests.Training;

public sealed class SchedulesTests
{
    [Theory]
    [InlineData(Schedule.Constant, 0, 0.25)]
    [InlineData(Schedule.Constant, 3, 1)]
    [InlineData(Schedule.Constant, 11, 1)]
    [InlineData(Schedule.Linear, 1, 0.5)]
    [InlineData(Schedule.Linear, 4, 1)]
    [InlineData(Schedule.Linear, 8, 0.5)]
    [InlineData(Schedule.Linear, 11, 0.125)]
    [InlineData(Schedule.Linear, 12, 0)]
    [InlineData(Schedule.Cosine, 4, 1)]
    [InlineData(Schedule.Cosine, 6, 0.8535533905932737)]
    [InlineData(Schedule.Cosine, 8, 0.5)]
    [InlineData(Schedule.Cosine, 12, 0)]
    public void Share_TwelveStepsWithFourOfWarmup_IsAsComputedByHand(Schedule schedule, long done, double expected) =>
        Assert.Equal(expected, Schedules.Share(schedule, done, 12, 4, 0), 12);

    [Fact]
    public void Share_WithFloor_EndsThere()
    {
        Assert.Equal(0.1, Schedules.Share(Schedule.Cosine, 12, 12, 4, 0.1), 12);
        Assert.Equal(0.55, Schedules.Share(Schedule.Linear, 8, 12, 4, 0.1), 12);
        Assert.Equal(0.25, Schedules.Share(Schedule.Linear, 0, 12, 4, 0.1), 12);
    }

    [Fact]
    public void LearningRateAt_Options_AreAllUsed()
    {
        var options = new OptimizerOptions { LearningRate = 2, Schedule = Schedule.Linear, WarmupSteps = 2, FinalShare = 0.5 };
        Assert.Equal([1, 2, 2, 1.875], Enumerable.Range(0, 4).Select(done => options.LearningRateAt(done, 10)));
    }

    [Fact]
    public void Bind_ConstantScheduleWithAnEnd_IsRefused()
    {
        var error = Assert.Throws<RlhfException>(() => RecipeBinder.Bind<OptimizerOptions>("schedule: constant\nfinal_share: 0.1\n", "test.yaml"));
        Assert.Contains("final_share", error.Message, StringComparison.Ordinal);
    }
}
