using Rlhf.Maths;

namespace Rlhf.Tests.Maths;

public sealed class LossWeightsTests
{
    [Fact]
    public void PerToken_Token_CountsEveryTokenTheSame() =>
        Assert.Equal([0.25, 0.25], LossWeights.PerToken([3, 1], LossAveraging.Token, 8));

    [Fact]
    public void PerToken_Sequence_CountsEveryEpisodeTheSame() =>
        Assert.Equal([1 / 6.0, 0.5], LossWeights.PerToken([3, 1], LossAveraging.Sequence, 8));

    [Fact]
    public void PerToken_Constant_CountsATokenAsAShareOfTheLongestEpisode() =>
        Assert.Equal([1 / 16.0, 1 / 16.0], LossWeights.PerToken([3, 1], LossAveraging.Constant, 8));
}
