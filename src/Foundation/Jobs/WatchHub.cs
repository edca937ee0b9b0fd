using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;

namespace Rlhf.Foundation.Jobs;

/// <summary>Rank 0's watch: it hears all the others, decides that the job ends, and says why.</summary>
internal sealed class WatchHub : JobWatch
{
    private const string Again = "the job ends here, start it again to go on from its last checkpoint";
    private static readonly TimeSpan s_introduction = TimeSpan.FromSeconds(5), s_farewell = TimeSpan.FromSeconds(0.3);

    private readonly Hello _self;
    private readonly Peer[] _peers;
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _left = new(), _over = new();
    private long _ownCount = -1;
    private int _ownStill;

    private WatchHub(Hello self, Peer[] peers, JobOptions options) : base(options) => (_self, _peers) = (self, peers);

    /// <summary>Waits for the other ranks to come, and greets them when all are there.</summary>
    /// <param name="listener">where they knock</param>
    /// <param name="self">rank 0, as it introduces itself</param>
    /// <param name="welcome">what they are told then</param>
    /// <param name="options">of the job</param>
    /// <exception cref="RlhfException">One does not come, or is of another kind. Those that came are told.</exception>
    public static WatchHub Meet(TcpListener listener, Hello self, string welcome, JobOptions options)
    {
        var peers = new Dictionary<int, Peer>();
        var watch = Stopwatch.StartNew();
        string? wrong = null;
        while (peers.Count < self.Size - 1 && wrong is null)
        {
            if (Knock(listener, options.Patience - watch.Elapsed) is not { } client)
            {
                var missing = Enumerable.Range(1, self.Size - 1).First(rank => !peers.ContainsKey(rank));
                wrong = $"rank {missing} of {self.Size} has not come to {listener.LocalEndpoint} on {self.Host} within {Seconds(options.Patience)}; check that every rank was started and reaches that machine";
                break;
            }

            var line = new JobLine(client) { Patience = s_introduction };
            if (Introduction(line) is not { } hello || hello.Token != self.Token)
            {
                line.Dispose();
                continue;
            }

            var peer = new Peer(hello, line);
            wrong = Wrong(self, hello) ?? (peers.TryGetValue(hello.Rank, out var other) ? $"rank {hello.Rank} came twice: {other.Hello} and {hello}" : null);
            if (!peers.TryAdd(hello.Rank, peer)) peer.Line.Send(JobWord.End, $"{Failed} {wrong}");
        }

        foreach (var peer in peers.Values)
        {
            peer.Line.Patience = null;
            if (wrong is null) peer.Line.Send(JobWord.Welcome, welcome);
            else peer.Line.Send(JobWord.End, $"{Failed} {wrong}");
        }

        if (wrong is not null) throw new RlhfException(wrong);
        var hub = new WatchHub(self, [.. peers.Values.OrderBy(peer => peer.Hello.Rank)], options);
        foreach (var peer in hub._peers) Start($"watch of rank {peer.Hello.Rank}", () => hub.Hear(peer));
        Start("watch", hub.Tick);
        return hub;
    }

    public override void Abandon(string line, int code, Action say)
    {
        if (!BeginEnd()) return;
        say();
        _over.Set();
        Tell(code, line);
    }

    public override void Part()
    {
        lock (_gate)
        {
            if (_peers.All(peer => peer.HasLeft)) _left.Set();
        }

        _left.Wait();
        _ = BeginEnd();
        _over.Set();
    }

    public override void Dispose()
    {
        _over.Set();
        foreach (var peer in _peers) peer.Line.Dispose();
    }

    private static TcpClient? Knock(TcpListener listener, TimeSpan patience)
    {
        if (patience <= TimeSpan.Zero) return null;
        using var limit = new CancellationTokenSource(patience);
        try
        {
            return listener.AcceptTcpClientAsync(limit.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static Hello? Introduction(JobLine line)
    {
        try
        {
            return line.Receive() is (JobWord.Hello, var text) ? JsonSerializer.Deserialize<Hello>(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Wrong(Hello self, Hello other) =>
        other.Size != self.Size ? $"{other} takes the job for one of {other.Size} processes, rank 0 for one of {self.Size}; start them together"
        : other.Rank < 1 || other.Rank >= self.Size ? $"{other} has a rank that this job has not"
        : other.Version != self.Version ? $"{other} runs {other.Version} and rank 0 {self.Version}; give all ranks the same program"
        : null;

    /// <summary>Reads what a rank says until it is gone.</summary>
    private void Hear(Peer peer)
    {
        while (peer.Line.Receive() is var (word, text))
        {
            lock (_gate)
            {
                peer.Silent = 0;
                if (word == JobWord.At) peer.Note(text);
                if (word == JobWord.Bye) peer.HasLeft = true;
                if (_peers.All(one => one.HasLeft)) _left.Set();
            }

            if (word == JobWord.Fail) Failure(peer, text);
        }

        if (!peer.HasLeft) EndAll(Failed, $"{peer.Hello} is gone; {Again}");
    }

    /// <summary>A rank cannot go on. Where all cannot, for the same reason, it is rank 0's own failure that is said.</summary>
    private void Failure(Peer peer, string text)
    {
        var (code, line) = Ending(text);
        if (!_over.Wait(2 * Options.Beat)) EndAll(code, $"{peer.Hello}: {line}");
    }

    private void Tick()
    {
        while (!_over.Wait(Options.Beat))
        {
            foreach (var peer in _peers.Where(peer => !peer.HasLeft)) peer.Line.Send(JobWord.On);
            string? wrong;
            lock (_gate) wrong = Wrong();
            if (wrong is not null) EndAll(Failed, wrong);
        }
    }

    private string? Wrong()
    {
        var here = _peers.Where(peer => !peer.HasLeft).ToArray();
        foreach (var peer in here) (peer.Silent, peer.Still) = (peer.Silent + 1, peer.Still + 1);
        (_ownStill, _ownCount) = Count == _ownCount ? (_ownStill + 1, _ownCount) : (0, Count);
        if (here.FirstOrDefault(peer => peer.Silent > Beats(Options.Silence)) is { } silent) return $"{silent.Hello} has not been heard of for {Seconds(Options.Silence)}; {Again}";

        var limit = Beats(Options.Timeout);
        (Hello Rank, long Count, int Still, bool Inside)[] all = [(_self, _ownCount, _ownStill, IsInside), .. here.Select(peer => (peer.Hello, peer.Count, peer.Still, peer.IsInside))];
        var furthest = all.Max(one => one.Count);
        if (Array.Find(all, one => one.Count < furthest && one.Still > limit).Rank is { } late) return $"{late} has kept the others waiting for {Seconds(Options.Timeout)}; {Again}";
        return all.All(one => one.Count == furthest && one.Inside && one.Still > limit)
            ? $"no rank has come out of an exchange for {Seconds(Options.Timeout)}, so the network between {string.Join(", ", all.Select(one => one.Rank.Host).Distinct())} does not carry it; {Again}"
            : null;
    }

    private void EndAll(int code, string line)
    {
        if (!BeginEnd()) return;
        Options.Say(line);
        _over.Set();
        Tell(code, line);
        Options.Quit(code);
    }

    private void Tell(int code, string line)
    {
        foreach (var peer in _peers.Where(peer => !peer.HasLeft)) peer.Line.Send(JobWord.End, $"{code} {line}");
        // A connection that is closed with something unread takes back what was sent last.
        Thread.Sleep(s_farewell);
    }

    private sealed class Peer(Hello hello, JobLine line)
    {
        public Hello Hello => hello;
        public JobLine Line => line;
        public bool HasLeft { get; set; }
        public int Silent { get; set; }
        public int Still { get; set; }
        public long Count { get; private set; }
        public bool IsInside { get; private set; }

        public void Note(string text)
        {
            var words = text.Split(' ');
            if (words.Length < 2 || !long.TryParse(words[0], out var count)) return;
            if (count != Count) Still = 0;
            (Count, IsInside) = (count, words[1] == "1");
        }
    }
}
