using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Rlhf.Cli.Web.Http;
using Rlhf.Foundation.Data;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Cli.Web.Playing;

/// <summary>The part of OpenAI's interface that completes dialogues and texts, so that clients of it can talk to a checkpoint.</summary>
internal sealed class OpenAiApi(ModelShelf shelf, TimeProvider clock)
{
    private const int TokensOfDialogue = 256, TokensOfText = 16;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/models", context => Json.Write(context, new { Object = "list", Data = shelf.Places.All().Where(place => place.Kind == ModelKind.Policy).Select(View) }));
        app.MapGet("/v1/models/{*id}", context => Json.Write(context, View(shelf.Places.Find(context.Request.RouteValues["id"]?.ToString() ?? "", ModelKind.Policy))));
        app.MapPost("/v1/chat/completions", context => Complete(context, new DialogueShape(), TokensOfDialogue, (request, tokenizer) => [DialogueText(request.Dialogue(), tokenizer)]));
        app.MapPost("/v1/completions", context => Complete(context, new TextShape(), TokensOfText, (request, _) => request.Prompts()));
    }

    /// <summary>
    /// By the tokenizer's own template; a tokenizer without one belongs to a model that continues texts, which gets what was
    /// said as one text.
    /// </summary>
    public static string DialogueText(IReadOnlyList<ChatMessage> dialogue, TextTokenizer tokenizer) =>
        tokenizer.ChatTemplateText is null ? string.Join('\n', dialogue.Select(turn => turn.Content)) : DialogueForms.Of("auto", tokenizer).Prompt(dialogue);

    private async Task Complete(HttpContext context, ResponseShape shape, int tokens, Func<CompletionRequest, TextTokenizer, IReadOnlyList<string>> prompts)
    {
        var request = (await Json.Read<CompletionRequest>(context)).Checked();
        using var lease = await shelf.Take(request.Model, ModelKind.Policy, context.RequestAborted);
        var model = lease.Model;
        int[][] asked = [.. prompts(request, model.Tokenizer).Select(model.Tokenizer.EncodeWithSpecials)];
        var options = request.Sampling(tokens);
        // Before the first token of any: what is wrong with a later one would break a stream off.
        foreach (var prompt in asked) TextStream.Room(model.Policy, prompt, options);
        var seed = (ulong)(request.Seed ?? Random.Shared.NextInt64());
        var head = new ResponseHead($"{shape.Prefix}-{Guid.NewGuid():N}", clock.GetUtcNow().ToUnixTimeSeconds(), request.Model);
        var choices = new List<object>();
        var usage = new Usage(asked.Sum(prompt => prompt.Length), 0);
        EventStream? events = null;
        foreach (var (i, prompt) in asked.SelectMany(prompt => Enumerable.Repeat(prompt, request.Responses)).Index())
        {
            var drawn = new List<DrawnToken>();
            var stream = await Sampled.Draw(shelf, model, prompt, options, new RandomKey(seed, 0, i / request.Responses, i % request.Responses), request.Likeliest, async (token, _) =>
            {
                drawn.Add(token);
                if (request.Stream != true) return;
                // Not before a first token is there: until then what is wrong with the request is still an answer of its own.
                events ??= await EventStream.Begin(context);
                await events.Send(shape.Chunk(head, i, token.Text, drawn.Count == 1, request.WantsLogProbs ? shape.LogProbs([token], model.Tokenizer) : null, null));
            }, context.RequestAborted);
            usage = usage with { CompletionTokens = usage.CompletionTokens + stream.Tokens.Count };
            var reason = stream.Ended == StopReason.Length ? "length" : "stop";
            if (request.Stream == true) await events!.Send(shape.Chunk(head, i, "", false, null, reason));
            else choices.Add(shape.Choice(i, stream.Text, request.WantsLogProbs ? shape.LogProbs(drawn, model.Tokenizer) : null, reason));
        }

        if (events is null)
        {
            await Json.Write(context, new { head.Id, Object = shape.Name, head.Created, head.Model, Choices = choices, Usage = usage });
            return;
        }

        if (request.StreamOptions?.IncludeUsage == true) await events.Send(new { head.Id, Object = shape.ChunkName, head.Created, head.Model, Choices = Array.Empty<object>(), Usage = usage });
        await events.Send(null, "[DONE]", null);
    }

    private static object View(ModelPlace place) => new { place.Id, Object = "model", Created = new DateTimeOffset(File.GetLastWriteTimeUtc(Path.Combine(place.Folder, "config.json"))).ToUnixTimeSeconds(), OwnedBy = "rlhf" };

    private sealed record Usage(int PromptTokens, int CompletionTokens)
    {
        public int TotalTokens => PromptTokens + CompletionTokens;
    }
}
