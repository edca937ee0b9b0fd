using Rlhf.Maths;
using static TorchSharp.torch;

namespace Rlhf.Tests.Maths;

public sealed class EntropyTests
{
    [Fact]
    public void OfLogits_UniformAndSkewed_MatchTheDefinition()
    {
        using var scope = NewDisposeScope();
        Expect.Near([1.38629436, 1.21300757], Entropy.OfLogits(stack(
            [tensor(new[] { 5.0, 5.0, 5.0, 5.0 }), tensor(new[] { 0.5, 0.25, 0.125, 0.125 }).log()], 0)), 2e-6);
    }

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(5, 0.05)]
    [InlineData(10, 0.0)]
    [InlineData(99, 0.0)]
    public void Coefficient_OverARunOfElevenSteps_FallsLinearly(int step, double expected) =>
        Assert.Equal(expected, Entropy.Coefficient(0.1, 0, step, steps: 11), 12);
}
