using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Rlhf.Cli.Web.Http;

/// <summary>Server-sent events: a response that goes on while there is something to say.</summary>
internal sealed class EventStream(HttpContext context)
{
    private const string Type = "text/event-stream";

    public CancellationToken Gone => context.RequestAborted;

    public static async Task<EventStream> Begin(HttpContext context)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = $"{Type}; charset=utf-8";
        var stream = new EventStream(context);
        // The head of the response goes out with the first bytes of its body.
        await stream.Beat();
        return stream;
    }

    /// <summary>The stream that a response is; null where it is none.</summary>
    public static EventStream? Of(HttpContext context) => context.Response.ContentType?.StartsWith(Type, StringComparison.Ordinal) == true ? new EventStream(context) : null;

    public Task Send(object data) => Send(null, JsonSerializer.Serialize(data, data.GetType(), Json.Options), null);

    public Task Send(string name, object data, long? id = null) => Send(name, JsonSerializer.Serialize(data, data.GetType(), Json.Options), id);

    /// <param name="text">One line.</param>
    /// <param name="id">What a browser that lost the stream tells when it asks again.</param>
    public async Task Send(string? name, string text, long? id)
    {
        var lines = new StringBuilder();
        if (name is not null) lines.Append("event: ").Append(name).Append('\n');
        if (id is { } number) lines.Append("id: ").Append(number).Append('\n');
        lines.Append("data: ").Append(text).Append("\n\n");
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(lines.ToString()), Gone);
        await context.Response.Body.FlushAsync(Gone);
    }

    /// <summary>Says nothing, so that both sides notice when the other has gone.</summary>
    public async Task Beat()
    {
        await context.Response.Body.WriteAsync(":\n\n"u8.ToArray(), Gone);
        await context.Response.Body.FlushAsync(Gone);
    }
}
