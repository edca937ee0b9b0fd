using Rlhf.Maths;

namespace Rlhf.Tests.Maths;

public sealed class EntropyControllerTests
{
    [Fact]
    public void Target_EntropyBelowIt_RaisesTheWeightByTheRelativeGap()
    {
        var controller = new TargetEntropy(start: 0.01, target: 2, gain: 0.1);
        controller.Observe(entropy: 1.5);
        Assert.Equal(0.01 + 0.1 * 0.25, controller.At(7), 12);
    }

    [Fact]
    public void Target_EntropyFarAboveIt_FallsByTheGainAndNeverBelowZero()
    {
        var controller = new TargetEntropy(start: 0.15, target: 1, gain: 0.1);
        controller.Observe(entropy: 9);
        Assert.Equal(0.05, controller.At(0), 12);
        controller.Observe(entropy: 9);
        Assert.Equal(0, controller.At(0), 12);
    }

    [Fact]
    public void Scheduled_HalfwayThrough_IsHalfwayBetween()
    {
        var controller = new ScheduledEntropy(start: 0.1, end: 0, steps: 5);
        controller.Observe(entropy: 0);
        Assert.Equal([0.1, 0.05, 0], new[] { controller.At(0), controller.At(2), controller.At(4) }.Select(x => Math.Round(x, 12)));
    }
}
