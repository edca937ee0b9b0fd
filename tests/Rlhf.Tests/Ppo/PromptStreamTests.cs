using Rlhf.Ppo;

namespace Rlhf.Tests.Ppo;

public sealed class PromptStreamTests
{
    private static readonly Prompt[] Ten = [.. Enumerable.Range(0, 10).Select(i => new Prompt(i, "", []))];

    [Fact]
    public void At_OverOneEpoch_VisitsEveryPromptOnce()
    {
        var stream = new PromptStream(Ten, 5, seed: 1);
        Assert.Equal(Enumerable.Range(0, 10), stream.At(0).Concat(stream.At(1)).Select(prompt => prompt.Index).Order());
    }

    [Fact]
    public void At_NextEpoch_HasAnotherOrder()
    {
        var stream = new PromptStream(Ten, 10, seed: 1);
        Assert.NotEqual(stream.At(0), stream.At(1));
    }

    [Fact]
    public void At_AskedInAnyOrder_DependsOnTheStepAlone()
    {
        var stream = new PromptStream(Ten, 4, seed: 7);
        var inOrder = Enumerable.Range(0, 9).Select(step => stream.At(step)).ToArray();
        Assert.All(Enumerable.Range(0, 9).Reverse(), step => Assert.Equal(inOrder[step], new PromptStream(Ten, 4, seed: 7).At(step)));
    }

    [Fact]
    public void At_OtherSeed_HasAnotherOrder() =>
        Assert.NotEqual(new PromptStream(Ten, 10, seed: 1).At(0), new PromptStream(Ten, 10, seed: 2).At(0));
}
