using Rlhf.Cli.Web.Watching;

namespace Rlhf.Cli.Tests.Web;

public sealed class MetricsTailTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Refresh_ClockWentBackAnHour_StillSeesNewLines()
    {
        _folder.With("metrics.jsonl", "{\"step\":1,\"kl\":0.5}\n");
        var clock = new SetBackClock();
        var tail = new MetricsTail(_folder.At("metrics.jsonl"), clock);
        tail.Refresh();
        File.AppendAllText(_folder.At("metrics.jsonl"), "{\"step\":2,\"kl\":0.6}\n");
        clock.Behind = TimeSpan.FromHours(1);
        await Task.Delay(200, TestContext.Current.CancellationToken);

        tail.Refresh();

        Assert.Equal([1.0, 2], tail.Rows(["kl"]).Steps);
    }

    [Fact]
    public void Refresh_LineWithANameThatIsNoUnicode_IsPassedOver()
    {
        _folder.With("metrics.jsonl", "{\"step\":1,\"kl\":0.5}\n{\"step\":2,\"\\ud800\":1}\n{\"step\":3,\"kl\":0.7}\n");
        var tail = new MetricsTail(_folder.At("metrics.jsonl"), TimeProvider.System);

        tail.Refresh();

        Assert.Equal([1.0, 3], tail.Rows(["kl"]).Steps);
    }

    private sealed class SetBackClock : TimeProvider
    {
        public TimeSpan Behind { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - Behind;
    }
}
