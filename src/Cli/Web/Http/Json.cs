using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Rlhf.Foundation.Files;

namespace Rlhf.Cli.Web.Http;

/// <summary>Bodies of requests and responses.</summary>
internal static class Json
{
    /// <summary>Numbers that are none are null; what is null is left out.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonText.Lines) { Converters = { new FiniteOrNull(), new SingleOrNull() }, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static async Task<T> Read<T>(HttpContext context) where T : class
    {
        // What a form of another page can send has no such type: a browser asks first, and is told no.
        if (context.Request.ContentType?.Split(';')[0].Trim() != "application/json") throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, "expected a body of application/json");
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(context.Request.Body, Options, context.RequestAborted) ?? throw new JsonException("null");
        }
        catch (JsonException error)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, $"the body is not what is expected here: {error.Message}");
        }
    }

    public static async Task Write(HttpContext context, object value)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        await JsonSerializer.SerializeAsync(context.Response.Body, value, value.GetType(), Options, context.RequestAborted);
    }

    /// <summary>In the form that clients of OpenAI's interface know; the last event of a stream that has begun.</summary>
    public static async Task WriteError(HttpContext context, int status, string message)
    {
        var error = new { Error = new { Message = message, Type = status >= 500 ? "server_error" : "invalid_request_error", Code = status } };
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = status;
            await Write(context, error);
        }
        else if (EventStream.Of(context) is { } events) await events.Send(error);
        else context.Abort();
    }

    public static string Query(HttpContext context, string name) =>
        context.Request.Query[name].ToString() is { Length: > 0 } value ? value : throw new RefusedException(StatusCodes.Status400BadRequest, $"the address lacks {name}=…");
}
