using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Tests.Preferences;

public class PromptSplitTests
{
    private static readonly string[] Prompts = [.. Enumerable.Range(0, 10_000).Select(i => $"Prompt number {i}")];

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.1, 900, 1100)]
    [InlineData(0.5, 4800, 5200)]
    [InlineData(1, 10_000, 10_000)]
    public void IsHeldOut_ManyPrompts_HoldsOutAboutTheShare(double share, int least, int most) =>
        Assert.InRange(Prompts.Count(prompt => PromptSplit.IsHeldOut(prompt, share)), least, most);

    [Fact]
    public void IsHeldOut_LargerShare_KeepsWhatASmallerOneHeldOut() =>
        Assert.All(Prompts.Where(prompt => PromptSplit.IsHeldOut(prompt, 0.1)), prompt => Assert.True(PromptSplit.IsHeldOut(prompt, 0.2)));
}
