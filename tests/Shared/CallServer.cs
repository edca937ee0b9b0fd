using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Rlhf.TestSupport;

/// <summary>A server that notes every call and answers as it is told.</summary>
internal sealed class CallServer : IDisposable
{
    private readonly HttpListener _listener;
    private readonly Func<Call, (int Status, string Body)> _answer;

    public CallServer(Func<Call, (int Status, string Body)> answer)
    {
        _answer = answer;
        (_listener, var address) = LoopbackListener.Start();
        Address = new Uri(address);
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
