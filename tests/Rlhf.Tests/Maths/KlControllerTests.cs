using Rlhf.Maths;

namespace Rlhf.Tests.Maths;

public sealed class KlControllerTests
{
    [Fact]
    public void Adaptive_KlFarAboveTarget_RisesByTheClippedError()
    {
        var controller = new AdaptiveKlController(0.2, target: 6, horizon: 10000);
        controller.Observe(sequenceKl: 60, episodes: 512);
        Assert.Equal(0.2 * (1 + 0.2 * 512 / 10000), controller.Coefficient, 12);
    }

    [Fact]
    public void Adaptive_KlSlightlyBelowTarget_FallsInProportion()
    {
        var controller = new AdaptiveKlController(0.2, target: 6, horizon: 1000);
        controller.Observe(sequenceKl: 5.4, episodes: 100);
        Assert.Equal(0.2 * 0.99, controller.Coefficient, 12);
    }

    [Fact]
    public void Adaptive_NegativeKl_FallsByTheClippedError()
    {
        var controller = new AdaptiveKlController(1, target: 6, horizon: 100);
        controller.Observe(sequenceKl: -3, episodes: 100);
        Assert.Equal(0.8, controller.Coefficient, 12);
    }

    [Theory]
    [InlineData(0, 0.8)]
    [InlineData(60, 1.2)]
    public void Adaptive_MoreEpisodesThanTheHorizon_MovesByAFifthAndStaysPositive(double kl, double expected)
    {
        var controller = new AdaptiveKlController(1, target: 6, horizon: 100);
        controller.Observe(kl, episodes: 512);
        Assert.Equal(expected, controller.Coefficient, 12);
    }

    [Fact]
    public void Fixed_AnyKl_StaysPut()
    {
        var controller = new FixedKlController(0.05);
        controller.Observe(1000, 512);
        Assert.Equal(0.05, controller.Coefficient);
    }
}
