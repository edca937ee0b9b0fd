using Rlhf.Ppo;

namespace Rlhf.Tests.Ppo;

public sealed class SampleNumbersTests
{
    [Fact]
    public void Of_PromptThatComesUpAgain_GetsOtherNumbers()
    {
        Prompt a = new(0, "a", [1]), b = new(1, "b", [2]);
        var samples = new SampleNumbers(groupSize: 2);
        Assert.Equal([(a, 0), (a, 1), (b, 0), (b, 1), (a, 2), (a, 3)], samples.Of([a, b, a]));
        Assert.Equal([(b, 2), (b, 3)], samples.Of([b]));
    }
}
