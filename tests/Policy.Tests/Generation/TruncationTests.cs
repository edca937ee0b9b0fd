using Rlhf.Policies.Generation;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Generation;

public sealed class TruncationTests
{
    private const float No = float.NegativeInfinity;

    [Fact]
    public void TopK_RowsWithATie_KeepsTheLargestAndEquals()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[] { 1, 4, 2, 3, 0, 3, 3, 3 }, [2, 4]);
        Same([No, 4, No, 3, No, 3, 3, 3], Truncation.TopK(logits, 2));
        Same([1, 4, 2, 3, 0, 3, 3, 3], Truncation.TopK(logits, 9));
    }

    [Theory]
    [InlineData(0.3, 0, 1, 0, 0)]
    [InlineData(0.5, 0, 1, 0, 0)]
    [InlineData(0.501, 1, 1, 0, 0)]
    [InlineData(0.79, 1, 1, 0, 0)]
    [InlineData(0.81, 1, 1, 0, 1)]
    [InlineData(0.96, 1, 1, 1, 1)]
    public void TopP_ProbabilitiesOfHalfThirtyFifteenFive_KeepsTheFewestThatReachP(double p, int first, int second, int third, int fourth)
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 0.3f, 0.5f, 0.05f, 0.15f }, [1, 4]).log();
        var kept = Expect.Numbers(Truncation.TopP(logits, p)).Select(logit => double.IsNegativeInfinity(logit) ? 0 : 1);
        Assert.Equal([first, second, third, fourth], kept);
    }

    [Fact]
    public void PenalizeRepetition_SeenTokens_GetLessLikelyWhateverTheirSign()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[] { 3, -3, 3, -3 }, [1, 4]);
        var seen = tensor(new[] { true, true, false, false }, [1, 4]);
        Same([2, -4.5f, 3, -3], Truncation.PenalizeRepetition(logits, seen, 1.5));
    }

    private static void Same(float[] expected, Tensor found) => Assert.Equal(expected, found.data<float>().ToArray());
}
