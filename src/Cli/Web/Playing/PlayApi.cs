using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Web.Http;
using Rlhf.Foundation.Data;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;

namespace Rlhf.Cli.Web.Playing;

/// <summary>What the page Try asks for.</summary>
/// <param name="board">Opened when the first preference comes: who only tries models gets no file of labels.</param>
internal sealed class PlayApi(ModelShelf shelf, Lazy<LabelBoard> board)
{
    private const int LongestText = 100_000, LongestName = 40, LongestId = 64;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/play/models", context => Json.Write(context, shelf.Places.All().Select(place => new { place.Id, place.Kind })));
        app.MapPost("/api/play/generate", Generate);
        app.MapPost("/api/play/prefer", Prefer);
    }

    /// <summary>Streams a response: its tokens as they come, then how it ended and what the reward model says.</summary>
    private async Task Generate(HttpContext context)
    {
        var asked = await Json.Read<PlayRequest>(context);
        var options = asked.Sampling ?? new SamplingOptions();
        if (Fault(options) is { } fault) throw Bad(fault);
        if (asked.Prompt is not { Length: > 0 and <= LongestText } text) throw Bad($"prompt: expected 1 to {LongestText} characters");
        using var lease = await shelf.Take(asked.Model ?? "", ModelKind.Policy, context.RequestAborted);
        var tokenizer = lease.Model.Tokenizer;
        if (asked.AsDialogue == true) text = OpenAiApi.DialogueText([new ChatMessage("user", text)], tokenizer);
        var prompt = tokenizer.EncodeWithSpecials(text);
        EventStream? events = null;
        var stream = await Sampled.Draw(shelf, lease.Model, prompt, options, new RandomKey((ulong)(asked.Seed ?? Random.Shared.NextInt64()), 0, 0, asked.Sample ?? 0), 0, async (token, _) =>
        {
            events ??= await EventStream.Begin(context);
            await events.Send(new { token.Text, token.LogProb });
        }, context.RequestAborted);
        double? score = null;
        if (asked.Reward is { Length: > 0 } reward)
        {
            using var judge = await shelf.Take(reward, ModelKind.Reward, context.RequestAborted);
            score = await shelf.Compute(() => judge.Model.Score(tokenizer, prompt, stream.Tokens, text, stream.Text, stream.Ended is not (null or StopReason.Length)), context.RequestAborted);
        }

        await events!.Send("end", new { Prompt = text, stream.Text, Reason = stream.Ended, Tokens = stream.Tokens.Count, Score = score });
    }

    private async Task Prefer(HttpContext context)
    {
        var asked = await Json.Read<Preference>(context);
        foreach (var text in new[] { asked.Prompt, asked.Chosen, asked.Rejected })
            if (text is not { Length: > 0 and <= LongestText }) throw Bad($"expected a prompt and two responses of 1 to {LongestText} characters");
        if (asked.Id is not { Length: > 0 and <= LongestId }) throw Bad($"id: expected 1 to {LongestId} characters");
        if (asked.Annotator is not { Length: > 0 and <= LongestName } || asked.Annotator.Any(char.IsControl)) throw Bad($"annotator: expected a name of 1 to {LongestName} characters");
        if (asked.Chosen.Trim() == asked.Rejected.Trim()) throw Bad("the two responses are the same");
        board.Value.Prefer(asked.Id, asked.Annotator, new CandidatePair(asked.Prompt, asked.Chosen, asked.Rejected), Answer.First);
        await Json.Write(context, new { Kept = asked.Id });
    }

    /// <summary>The bounds that recipes are held to.</summary>
    private static string? Fault(SamplingOptions options)
    {
        foreach (var field in RecipeField.Of(typeof(SamplingOptions)))
            if (field.Get(options) is IConvertible value and not string && field.Bounds.FirstOrDefault(bound => !bound.Holds(value)) is { } bound) return $"{field.Key}: expected {bound.Wording}";
        return options.Problems().Select(problem => $"{KeyNames.Snake(problem.Property)}: {problem.Message}").FirstOrDefault();
    }

    private static RefusedException Bad(string why) => new(StatusCodes.Status400BadRequest, why);

    private sealed record PlayRequest(string? Model, string? Prompt, bool? AsDialogue, string? Reward, SamplingOptions? Sampling, long? Seed, int? Sample);

    private sealed record Preference(string Id, string Annotator, string Prompt, string Chosen, string Rejected);
}
