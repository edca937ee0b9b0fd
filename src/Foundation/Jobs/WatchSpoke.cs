using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;

namespace Rlhf.Foundation.Jobs;

/// <summary>The watch of the other ranks: it tells rank 0 how far this one is, and ends it when rank 0 says so or is gone.</summary>
internal sealed class WatchSpoke : JobWatch
{
    private static readonly TimeSpan s_knocking = TimeSpan.FromSeconds(3), s_pause = TimeSpan.FromMilliseconds(200), s_farewell = TimeSpan.FromSeconds(5);

    private readonly JobLine _line;
    private readonly string _zero;
    private readonly ManualResetEventSlim _over = new();
    private int _silent;

    private WatchSpoke(JobLine line, string zero, string welcome, JobOptions options) : base(options) => (_line, _zero, Welcome) = (line, zero, welcome);

    /// <summary>What rank 0 told when all were there.</summary>
    public string Welcome { get; }

    /// <summary>Knocks at rank 0's places until it opens.</summary>
    public static WatchSpoke Meet(IReadOnlyList<string> hosts, int port, Hello self, JobOptions options)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < options.Patience)
        {
            foreach (var host in hosts)
            {
                if (Knock(host, port) is not { } client) continue;
                var line = new JobLine(client) { Patience = options.Patience };
                line.Send(JobWord.Hello, JsonSerializer.Serialize(self));
                switch (line.Receive())
                {
                    case (JobWord.Welcome, var welcome):
                        line.Patience = null;
                        var spoke = new WatchSpoke(line, $"rank 0 of {self.Size} ({host})", welcome, options);
                        Start("watch of rank 0", spoke.Hear);
                        Start("watch", spoke.Tick);
                        return spoke;
                    case (JobWord.End, var ending):
                        // Rank 0 says it for all.
                        options.Quit(Ending(ending).Code);
                        throw new RlhfException(Ending(ending).Text);
                    default:
                        line.Dispose();
                        break;
                }
            }

            Thread.Sleep(s_pause);
        }

        throw new RlhfException($"rank {self.Rank} of {self.Size} could not join rank 0 at {string.Join(" or ", hosts)}, port {port}, within {Seconds(options.Patience)}; check that rank 0 runs and can be reached there");
    }

    public override void Abandon(string line, int code, Action say)
    {
        // Rank 0 says it and has this process ended; one that does not answer is gone itself.
        if (!HasEnded && _line.Send(JobWord.Fail, $"{code} {line}")) _over.Wait(5 * Options.Beat + s_farewell);
        if (!BeginEnd()) return;
        say();
        _over.Set();
    }

    public override void Part()
    {
        _ = BeginEnd();
        _line.Send(JobWord.Bye);
        _over.Set();
    }

    public override void Dispose()
    {
        // Who lets go of the line is not told by it that rank 0 is gone.
        _ = BeginEnd();
        _over.Set();
        _line.Dispose();
    }

    private static TcpClient? Knock(string host, int port)
    {
        var client = new TcpClient();
        try
        {
            using var limit = new CancellationTokenSource(s_knocking);
            client.ConnectAsync(host, port, limit.Token).AsTask().GetAwaiter().GetResult();
            return client;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            client.Dispose();
            return null;
        }
    }

    private void Hear()
    {
        int? ending = null;
        while (_line.Receive() is var (word, text))
        {
            Volatile.Write(ref _silent, 0);
            if (word == JobWord.End && BeginEnd()) ending = Ending(text).Code;
            if (ending is not null) _line.Patience = s_farewell;
        }

        // Rank 0 goes first: who started the ranks takes the first to end for the one that failed.
        _over.Set();
        if (ending is { } code) Options.Quit(code);
        else End($"{_zero} is gone");
    }

    private void Tick()
    {
        while (!_over.Wait(Options.Beat))
        {
            _line.Send(JobWord.At, string.Create(CultureInfo.InvariantCulture, $"{Count} {(IsInside ? 1 : 0)}"));
            if (Interlocked.Increment(ref _silent) > Beats(Options.Silence)) End($"{_zero} has not been heard of for {Seconds(Options.Silence)}");
        }
    }

    private void End(string what)
    {
        if (!BeginEnd()) return;
        Options.Say($"{what}; the job ends here, start it again to go on from its last checkpoint");
        _over.Set();
        Options.Quit(Failed);
    }
}
