using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace Rlhf.Cli.Tests.Scripts;

/// <summary>A little hub on this machine: files with the hub's headers and byte ranges.</summary>
internal sealed class HubStandIn : IDisposable
{
    private readonly HttpListener _listener;
    private readonly Task _serving;

    public HubStandIn()
    {
        (_listener, Address) = LoopbackListener.Start();
        _serving = Task.Run(Serve);
    }

    public string Address { get; }

    /// <summary>Path under resolve/main → content and the checksum the hub tells.</summary>
    public Dictionary<string, (byte[] Content, string Checksum)> Files { get; } = [];

    /// <summary>"GET config.json 0": method, file, first byte asked for.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    public void Dispose()
    {
        _listener.Close();
        _serving.Wait();
    }

    private async Task Serve()
    {
        while (_listener.IsListening)
        {
            try
            {
                await Answer(await _listener.GetContextAsync());
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // The listener was closed, or the client went away.
            }
        }
    }

    private async Task Answer(HttpListenerContext context)
    {
        var response = context.Response;
        var file = context.Request.Url!.AbsolutePath.Split("/resolve/main/")[^1];
        var range = context.Request.Headers["Range"];
        var start = range is null ? 0 : int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        Requests.Enqueue($"{context.Request.HttpMethod} {file} {start}");
        if (!Files.TryGetValue(file, out var entry))
        {
            response.StatusCode = 404;
            response.Close();
            return;
        }

        response.Headers["ETag"] = "\"storage\"";
        response.Headers["X-Linked-ETag"] = $"\"{entry.Checksum}\"";
        if (range is not null)
        {
            response.StatusCode = 206;
            response.Headers["Content-Range"] = $"bytes {start}-{entry.Content.Length - 1}/{entry.Content.Length}";
        }

        response.ContentLength64 = entry.Content.Length - start;
        if (context.Request.HttpMethod == "HEAD")
        {
            response.Close();
            return;
        }

        await response.OutputStream.WriteAsync(entry.Content.AsMemory(start));
        response.Close();
    }
}
