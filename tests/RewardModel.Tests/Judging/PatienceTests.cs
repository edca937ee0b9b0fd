using Rlhf.Rewards.Judging;

namespace Rlhf.Rewards.Tests.Judging;

public class PatienceTests
{
    [Theory]
    [InlineData(0, 1, null, "0000", 0.5)]
    [InlineData(0, 1, null, "8000", 0.75)]
    [InlineData(3, 1, null, "8000", 6)]
    [InlineData(40, 1, null, "8000", 45)]       // of a minute at most
    [InlineData(0, 1, 20.0, "8000", 20)]        // what the server asks for
    [InlineData(0, 1, 600.0, "8000", 60)]       // but a minute at most
    [InlineData(3, 1, 0.5, "8000", 6)]          // and no less than its own
    public void Before_Attempt_DoublesAndHeedsTheServer(int attempt, double first, double? asked, string key, double expected) =>
        Assert.Equal(expected, Patience.Before(attempt, TimeSpan.FromSeconds(first), asked is { } seconds ? TimeSpan.FromSeconds(seconds) : null, key).TotalSeconds, 1e-3);
}
