using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Rlhf.TestSupport;

/// <summary>A server that notes every call and answers as it is told.</summary>
internal sealed class CallServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<Call, (int Status, string Body)> _answer;

    public CallServer(Func<Call, (int Status, string Body)> answer)
    {
        _answer = answer;
        for (var tried = 0; ; tried++)
        {
            // A listener names its port, and one that was free may be taken a moment later.
            var port = Random.Shared.Next(20_000, 60_000);
            _listener.Prefixes.Clear();
            _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                _listener.Start();
                Address = new Uri($"http://127.0.0.1:{port}");
                break;
            }
            catch (HttpListenerException) when (tried < 20)
            {
                // The next one.
            }
        }

        _ = Serve();
    }

    /// <param name="Body">byte for byte, in Latin-1</param>
    public sealed record Call(string Method, string Path, string Body, string? Authorization);

    public Uri Address { get; }

    public ConcurrentQueue<Call> Calls { get; } = new();

    public void Dispose() => ((IDisposable)_listener).Dispose();

    private async Task Serve()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                var call = new Call(context.Request.HttpMethod, context.Request.RawUrl!, Encoding.Latin1.GetString(body.ToArray()), context.Request.Headers["Authorization"]);
                Calls.Enqueue(call);
                var (status, text) = _answer(call);
                context.Response.StatusCode = status;
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(text));
                context.Response.Close();
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // The server is gone.
        }
    }
}
