using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Rlhf.Foundation.Jobs;

namespace Rlhf.Foundation.Tests.Jobs;

/// <summary>Ranks that watch each other over the loopback, as threads; what would end a process is written down.</summary>
public sealed class WatchTests
{
    [Fact]
    public void Part_AllWorkDone_EndsNobody()
    {
        var ranks = Ranks.Meet(3);

        ranks.All(watch => watch.Part());

        Assert.Empty(ranks.Said);
        Assert.Empty(ranks.Codes);
    }

    [Fact]
    public void Meet_All_AreToldTheSame()
    {
        var ranks = Ranks.Meet(3, welcome: "the name of the job");

        Assert.Equal(["the name of the job", "the name of the job"], ranks.Spokes.Select(spoke => spoke.Welcome));
    }

    [Fact]
    public void Rank_Gone_EndsAllWithOneLine()
    {
        var ranks = Ranks.Meet(3);

        ranks.Spokes[1].Dispose();
        ranks.WaitForEnds(2);

        Assert.StartsWith("rank 2 of 3 (", Assert.Single(ranks.Said), StringComparison.Ordinal);
        Assert.Contains("is gone; the job ends here", ranks.Said.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Rank_KeepsTheOthersWaiting_EndsAllAndIsNamed()
    {
        var ranks = Ranks.Meet(3);

        foreach (var watch in new JobWatch[] { ranks.Hub, ranks.Spokes[1] }) watch.Enter();
        ranks.WaitForEnds(3);

        Assert.Matches(@"^rank 1 of 3 \(.*\) has kept the others waiting for 0\.6 s; ", Assert.Single(ranks.Said));
    }

    [Fact]
    public void Ranks_AllInsideOneExchange_EndWithALineOnTheNetwork()
    {
        var ranks = Ranks.Meet(2);

        ranks.All(watch => watch.Enter());
        ranks.WaitForEnds(2);

        Assert.StartsWith("no rank has come out of an exchange for 0.6 s", Assert.Single(ranks.Said), StringComparison.Ordinal);
    }

    [Fact]
    public void Ranks_ComputeForLongerThanTheTimeout_GoOn()
    {
        var ranks = Ranks.Meet(2);
        ranks.All(watch => { watch.Enter(); watch.Leave(); });

        Thread.Sleep(1500);
        ranks.All(watch => watch.Part());

        Assert.Empty(ranks.Said);
    }

    [Fact]
    public void Abandon_OnOneRank_IsSaidByRankZeroWithItsName()
    {
        var ranks = Ranks.Meet(2);

        ranks.Spokes[0].Abandon("the loss is NaN", 1, () => ranks.Said.Enqueue("said by itself"));
        ranks.WaitForEnds(1);

        Assert.Matches(@"^rank 1 of 2 \(.*\): the loss is NaN$", Assert.Single(ranks.Said));
    }

    [Fact]
    public void Abandon_OnAllRanks_IsSaidByRankZeroAlone()
    {
        var ranks = Ranks.Meet(3);

        ranks.All(watch => watch.Abandon("the loss is NaN", 130, () => ranks.Said.Enqueue("the loss is NaN")));
        ranks.WaitForEnds(2);

        Assert.Equal("the loss is NaN", Assert.Single(ranks.Said));
        Assert.All(ranks.Codes, code => Assert.Equal(130, code));
    }

    [Fact]
    public void Meet_AnotherVersion_IsNamedToAll()
    {
        var failure = Assert.Throws<RlhfException>(() => Ranks.Meet(2, version: rank => $"rlhf 0.{rank}"));

        Assert.Matches(@"^rank 1 of 2 \(.*, process \d+\) runs rlhf 0\.1 and rank 0 rlhf 0\.0; give all ranks the same program$", failure.Message);
    }

    [Fact]
    public void Meet_RankThatDoesNotCome_IsNamed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var failure = Assert.Throws<RlhfException>(() => WatchHub.Meet(listener, Hello.Mine("", 0, 2, ""), "", new JobOptions { Timeout = TimeSpan.FromSeconds(0.3) }));

        Assert.StartsWith("rank 1 of 2 has not come to ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Meet_Strangers_AreShownTheDoor()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var options = new JobOptions { Timeout = TimeSpan.FromSeconds(20) };
        using var stranger = new TcpClient("127.0.0.1", port);
        stranger.GetStream().Write("GET / HTTP/1.1\r\n"u8);
        var coming = Task.Run(() => WatchSpoke.Meet(["127.0.0.1"], port, Hello.Mine("ours", 1, 2, ""), options));

        using var hub = WatchHub.Meet(listener, Hello.Mine("ours", 0, 2, ""), "welcome", options);

        using var spoke = await coming;
        Assert.Equal("welcome", spoke.Welcome);
        await Task.WhenAll(Task.Run(spoke.Part), Task.Run(hub.Part));
    }

    private sealed class Ranks(WatchHub hub, WatchSpoke[] spokes, ConcurrentQueue<string> said, ConcurrentQueue<int> codes)
    {
        public WatchHub Hub => hub;
        public WatchSpoke[] Spokes => spokes;
        public ConcurrentQueue<string> Said => said;
        public ConcurrentQueue<int> Codes => codes;

        public static Ranks Meet(int size, string welcome = "", Func<int, string>? version = null)
        {
            var (said, codes) = (new ConcurrentQueue<string>(), new ConcurrentQueue<int>());
            var options = new JobOptions { Timeout = TimeSpan.FromSeconds(0.6), Beat = TimeSpan.FromSeconds(0.1), Say = said.Enqueue, Quit = codes.Enqueue };
            // Under load nobody comes at once.
            var patient = options with { Timeout = TimeSpan.FromSeconds(30) };
            string Version(int rank) => version?.Invoke(rank) ?? "rlhf";
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            var coming = Enumerable.Range(1, size - 1).Select(rank => Task.Run(() => WatchSpoke.Meet(["127.0.0.1"], port, Hello.Mine("job", rank, size, Version(rank)), options with { Patience = patient.Timeout, Silence = patient.Timeout }))).ToArray();
            var hub = WatchHub.Meet(listener, Hello.Mine("job", 0, size, Version(0)), welcome, options with { Patience = patient.Timeout, Silence = patient.Timeout });
            return new Ranks(hub, Array.ConvertAll(coming, task => task.Result), said, codes);
        }

        public void All(Action<JobWatch> act) => Task.WaitAll([Task.Run(() => act(hub)), .. spokes.Select(spoke => Task.Run(() => act(spoke)))]);

        public void WaitForEnds(int count) => Assert.True(SpinWait.SpinUntil(() => codes.Count >= count, TimeSpan.FromSeconds(20)), $"{codes.Count} of {count} ended; said: {string.Join(" | ", said)}");
    }
}
