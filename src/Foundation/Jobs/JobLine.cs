using System.Net.Sockets;

namespace Rlhf.Foundation.Jobs;

/// <summary>A connection between two ranks that carries lines: a word, and what belongs to it.</summary>
internal sealed class JobLine : IDisposable
{
    private static readonly TimeSpan s_sending = TimeSpan.FromSeconds(5);

    private readonly TcpClient _client;
    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;
    private readonly Lock _gate = new();

    public JobLine(TcpClient client)
    {
        _client = client;
        client.NoDelay = true;
        client.SendTimeout = (int)s_sending.TotalMilliseconds;
        _reader = new StreamReader(client.GetStream());
        _writer = new StreamWriter(client.GetStream()) { AutoFlush = true, NewLine = "\n" };
    }

    /// <summary>How long to wait for a line; null: for as long as it takes.</summary>
    public TimeSpan? Patience
    {
        set => _client.ReceiveTimeout = value is { } time ? (int)time.TotalMilliseconds : 0;
    }

    /// <summary>False where nobody can receive it any more.</summary>
    public bool Send(string word, string text = "")
    {
        try
        {
            lock (_gate) _writer.WriteLine($"{word} {text.ReplaceLineEndings(" ")}");
            return true;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>The next line; null where there is none to come.</summary>
    public (string Word, string Text)? Receive()
    {
        try
        {
            if (_reader.ReadLine() is not { } line) return null;
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            return space < 0 ? (line, "") : (line[..space], line[(space + 1)..]);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _client.Dispose();
    }
}

/// <summary>What a rank says of itself first.</summary>
/// <param name="Token">Names the job: whoever listens on a port may not be its rank 0.</param>
internal sealed record Hello(string Token, int Rank, int Size, string Version, string Host, int Process)
{
    public static Hello Mine(string token, int rank, int size, string version) => new(token, rank, size, version, System.Environment.MachineName, System.Environment.ProcessId);

    public override string ToString() => $"rank {Rank} of {Size} ({Host}, process {Process})";
}

/// <summary>Words of the lines.</summary>
internal static class JobWord
{
    public const string Hello = "hello", Welcome = "welcome", At = "at", On = "on", Fail = "fail", End = "end", Bye = "bye";
}
