using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Rlhf.TestSupport;

/// <summary>A server that speaks as much of chat completions as a judge needs, and misbehaves as it is told.</summary>
internal sealed class StubServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<Asked, Reply> _answer;
    private int _at, _most;

    /// <param name="answer">what a request, numbered from 1, is answered with</param>
    public StubServer(Func<Asked, Reply> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = Accept();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1";

    /// <summary>Every request it got.</summary>
    public ConcurrentQueue<Asked> Requests { get; } = new();

    /// <summary>How many it worked on at a time, at most.</summary>
    public int MostAtATime => _most;

    public static Reply Says(string words) => new(200, JsonSerializer.Serialize(new
    {
        choices = new[] { new { message = new { role = "assistant", content = words } } },
        usage = new { prompt_tokens = 100, completion_tokens = 2 },
    }));

    public void Dispose() => _listener.Stop();

    private async Task Accept()
    {
        try
        {
            while (true) _ = Serve(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The server is gone.
        }
    }

    private async Task Serve(TcpClient client)
    {
        using var own = client;
        try
        {
            var asked = await Read(client.GetStream());
            Requests.Enqueue(asked);
            var now = Interlocked.Increment(ref _at);
            InterlockedMax(ref _most, now);
            var reply = _answer(asked with { Number = Requests.Count });
            await Task.Delay(reply.Delay);
            Interlocked.Decrement(ref _at);
            if (reply.Status == 0) client.LingerState = new LingerOption(true, 0);
            else await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {reply.Status} {(HttpStatusCode)reply.Status}\r\n{reply.Header}Content-Length: {Encoding.UTF8.GetByteCount(reply.Body)}\r\nConnection: close\r\n\r\n{reply.Body}"));
        }
        catch (IOException)
        {
            // The client hung up.
        }
    }

    private static async Task<Asked> Read(NetworkStream stream)
    {
        List<byte> bytes = [];
        var piece = new byte[4096];
        while (true)
        {
            var count = await stream.ReadAsync(piece);
            if (count == 0) throw new IOException("hung up");
            bytes.AddRange(piece.AsSpan(0, count));
            var text = Encoding.UTF8.GetString([.. bytes]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0) continue;
            var head = text[..end];
            if (IsWhole(head, text[(end + 4)..])) return new Asked(head, Body(text[(end + 4)..]), 0);
        }
    }

    private static bool IsWhole(string head, string body)
    {
        var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return length is null ? body.EndsWith("0\r\n\r\n", StringComparison.Ordinal) : Encoding.UTF8.GetByteCount(body) >= int.Parse(length.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>What lies between the sizes of its pieces, if it came in pieces.</summary>
    private static string Body(string sent) => sent[sent.IndexOf('{', StringComparison.Ordinal)..(sent.LastIndexOf('}') + 1)];

    private static void InterlockedMax(ref int most, int now)
    {
        for (var seen = most; now > seen; seen = most)
            if (Interlocked.CompareExchange(ref most, now, seen) == seen) return;
    }

    public sealed record Asked(string Head, string Body, int Number)
    {
        /// <summary>What the user's message says.</summary>
        public string User => JsonDocument.Parse(Body).RootElement.GetProperty("messages")[1].GetProperty("content").GetString()!;
    }

    /// <param name="Status">0: it hangs up without a word</param>
    public sealed record Reply(int Status, string Body, string Header = "", int Delay = 0);
}
