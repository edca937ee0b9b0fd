using System.Text;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Cli.Web.Playing;

/// <summary>What all parts of one response say of themselves.</summary>
internal sealed record ResponseHead(string Id, long Created, string Model);

/// <summary>How a response is written: dialogues and texts differ in the names of things.</summary>
internal abstract class ResponseShape
{
    public abstract string Prefix { get; }

    public abstract string Name { get; }

    public abstract string ChunkName { get; }

    public abstract object Choice(int index, string text, object? logProbs, string reason);

    public abstract object Chunk(ResponseHead head, int index, string text, bool isFirst, object? logProbs, string? reason);

    public abstract object LogProbs(IReadOnlyList<DrawnToken> tokens, TextTokenizer tokenizer);

    protected static string Text(int token, TextTokenizer tokenizer) => tokenizer.IsSpecial(token) ? tokenizer.IdToToken(token) ?? "" : tokenizer.Decode([token]);
}

internal sealed class DialogueShape : ResponseShape
{
    public override string Prefix => "chatcmpl";

    public override string Name => "chat.completion";

    public override string ChunkName => "chat.completion.chunk";

    public override object Choice(int index, string text, object? logProbs, string reason) =>
        new { Index = index, Message = new { Role = "assistant", Content = text }, Logprobs = logProbs, FinishReason = reason };

    public override object Chunk(ResponseHead head, int index, string text, bool isFirst, object? logProbs, string? reason) => new
    {
        head.Id, Object = ChunkName, head.Created, head.Model,
        Choices = new[] { new { Index = index, Delta = reason is null ? new Delta(isFirst ? "assistant" : null, text) : new Delta(null, null), Logprobs = logProbs, FinishReason = reason } },
    };

    public override object LogProbs(IReadOnlyList<DrawnToken> tokens, TextTokenizer tokenizer) => new
    {
        Content = tokens.Select(token => new
        {
            Token = Text(token.Id, tokenizer), Logprob = token.LogProb, Bytes = Bytes(token.Id, tokenizer),
            TopLogprobs = token.Likeliest.Select(other => new { Token = Text(other.Id, tokenizer), Logprob = other.LogProb, Bytes = Bytes(other.Id, tokenizer) }),
        }),
    };

    private static IEnumerable<int> Bytes(int token, TextTokenizer tokenizer) => Encoding.UTF8.GetBytes(Text(token, tokenizer)).Select(one => (int)one);

    private sealed record Delta(string? Role, string? Content);
}

internal sealed class TextShape : ResponseShape
{
    public override string Prefix => "cmpl";

    public override string Name => "text_completion";

    public override string ChunkName => "text_completion";

    public override object Choice(int index, string text, object? logProbs, string reason) => new { Index = index, Text = text, Logprobs = logProbs, FinishReason = reason };

    public override object Chunk(ResponseHead head, int index, string text, bool isFirst, object? logProbs, string? reason) => new
    {
        head.Id, Object = ChunkName, head.Created, head.Model, Choices = new[] { new { Index = index, Text = text, Logprobs = logProbs, FinishReason = reason } },
    };

    public override object LogProbs(IReadOnlyList<DrawnToken> tokens, TextTokenizer tokenizer) => new
    {
        Tokens = tokens.Select(token => Text(token.Id, tokenizer)),
        TokenLogprobs = tokens.Select(token => token.LogProb),
        TopLogprobs = tokens.Select(token => token.Likeliest.GroupBy(other => Text(other.Id, tokenizer)).ToDictionary(same => same.Key, same => same.First().LogProb)),
    };
}
