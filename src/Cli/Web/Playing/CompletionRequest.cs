using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rlhf.Cli.Web.Http;
using Rlhf.Foundation.Data;
using Rlhf.Policies.Generation;

namespace Rlhf.Cli.Web.Playing;

/// <summary>What a client of OpenAI's interface asks for, in both of its forms; what is not known here is passed over.</summary>
internal sealed record CompletionRequest
{
    private const int MostResponses = 16, MostPrompts = 32, MostLikeliest = 20, LongestText = 100_000;

    public string Model { get; init; } = "";
    public IReadOnlyList<Turn> Messages { get; init; } = [];
    public JsonElement? Prompt { get; init; }
    public double? Temperature { get; init; }
    public double? TopP { get; init; }
    public int? MaxTokens { get; init; }
    public int? MaxCompletionTokens { get; init; }
    public int? N { get; init; }
    public long? Seed { get; init; }
    public JsonElement? Stop { get; init; }
    public bool? Stream { get; init; }
    public StreamingOptions? StreamOptions { get; init; }

    /// <summary>True or false for dialogues, a number for texts.</summary>
    public JsonElement? Logprobs { get; init; }

    public int? TopLogprobs { get; init; }
    public double? PresencePenalty { get; init; }
    public double? FrequencyPenalty { get; init; }
    public bool? Echo { get; init; }

    internal sealed record Turn(string Role, JsonElement Content);

    internal sealed record StreamingOptions(bool? IncludeUsage);

    public bool WantsLogProbs => Logprobs is { ValueKind: JsonValueKind.True or JsonValueKind.Number };

    public int Likeliest => Logprobs is { ValueKind: JsonValueKind.Number } number ? number.TryGetInt32(out var count) ? count : -1 : TopLogprobs ?? 0;

    public int Responses => N ?? 1;

    public CompletionRequest Checked()
    {
        if (Model.Length == 0) throw Bad("model: found nothing; expected one that /v1/models lists");
        if (Responses is < 1 or > MostResponses) throw Bad($"n: expected 1 to {MostResponses}");
        if (Likeliest is < 0 or > MostLikeliest) throw Bad($"top_logprobs: expected 0 to {MostLikeliest}");
        if (PresencePenalty is not (null or 0) || FrequencyPenalty is not (null or 0)) throw Bad("presence_penalty and frequency_penalty are not offered; expected 0");
        if (Echo == true) throw Bad("echo is not offered; expected false");
        if (Temperature is { } temperature && !(temperature is 0 or (>= 1e-3 and <= 10))) throw Bad("temperature: expected 0, or 0.001 to 10");
        if (TopP is { } share && !(share is > 0 and <= 1)) throw Bad("top_p: expected above 0, at most 1");
        if (MaxTokens < 1 || MaxCompletionTokens < 1) throw Bad("max_tokens: expected at least 1");
        return this;
    }

    public SamplingOptions Sampling(int otherwise) => new()
    {
        Temperature = Temperature ?? 1,
        TopP = TopP ?? 1,
        MaxNewTokens = MaxCompletionTokens ?? MaxTokens ?? otherwise,
        StopStrings = [.. Texts(Stop, "stop").Where(text => text.Length > 0)],
    };

    public IReadOnlyList<string> Prompts()
    {
        var found = Texts(Prompt, "prompt");
        if (found.Count is 0 or > MostPrompts) throw Bad($"prompt: expected a text, or a list of 1 to {MostPrompts}");
        return found;
    }

    public IReadOnlyList<ChatMessage> Dialogue()
    {
        if (Messages.Count == 0) throw Bad("messages: found none");
        if (Messages.Any(turn => turn is null)) throw Bad("messages: one is null");
        return [.. Messages.Select(turn => new ChatMessage(turn.Role == "developer" ? "system" : turn.Role ?? "", Text(turn.Content)))];
    }

    /// <summary>A text, or parts of type text.</summary>
    private static string Text(JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String) return Short(Unicode(content, "messages"), "messages");
        if (content.ValueKind != JsonValueKind.Array) throw Bad("messages: a content is neither a text nor a list of parts");
        return Short(string.Concat(content.EnumerateArray().Select(part => part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String
            ? Unicode(text, "messages") : throw Bad("messages: a part of a content is no text"))), "messages");
    }

    private static IReadOnlyList<string> Texts(JsonElement? value, string name) => value switch
    {
        null or { ValueKind: JsonValueKind.Null } => [],
        { ValueKind: JsonValueKind.String } text => [Short(Unicode(text, name), name)],
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String) => [.. list.EnumerateArray().Select(one => Short(Unicode(one, name), name))],
        _ => throw Bad($"{name}: expected a text or a list of texts"),
    };

    private static string Unicode(JsonElement text, string name)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Bad($"{name}: a text holds half of a surrogate pair (such as \\ud83d alone)");
        }
    }

    private static string Short(string text, string name) => text.Length <= LongestText ? text : throw Bad($"{name}: expected at most {LongestText} characters");

    private static RefusedException Bad(string why) => new(StatusCodes.Status400BadRequest, why);
}
