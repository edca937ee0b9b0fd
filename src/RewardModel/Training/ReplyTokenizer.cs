using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Training;

/// <summary>A rated reply as tokens: prompt and reply, closed by the end of text.</summary>
/// <param name="Reply">how many of the tokens are the reply's</param>
internal sealed record TokenizedRating(RatedRow Row, int[] Tokens, int Reply);

/// <summary>Turns rated replies into tokens within a length; one token of the prompt at least is left, since it predicts the reply's first.</summary>
internal sealed class ReplyTokenizer(TextTokenizer tokenizer, int maxLength, OverLong overLong)
{
    /// <summary>Replies whose prompt was cut.</summary>
    public int Truncated { get; private set; }

    /// <summary>The prompt with its reply as tokens; null and a fault where they have to be left out.</summary>
    public TokenizedRating? Tokenize(RatedRow row, out Fault? fault)
    {
        fault = null;
        var (prompt, reply) = (ReplyTokens.Prompt(tokenizer, row.Prompt), ReplyTokens.Reply(tokenizer, row.Reply));
        var over = Math.Max(0, prompt.Length + reply.Length - maxLength);
        if (over > 0 && overLong == OverLong.Drop) fault = new Fault(DefectKind.TooLong, $"{prompt.Length + reply.Length} tokens, more than max_length {maxLength}");
        else if (prompt.Length <= over) fault = new Fault(DefectKind.TooLong, $"a reply of {reply.Length} tokens leaves none of its prompt's {prompt.Length} within {maxLength}");
        if (fault is not null) return null;
        if (over > 0) Truncated++;
        return new TokenizedRating(row, [.. prompt[over..], .. reply], reply.Length);
    }
}
