using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Training;

/// <summary>What happens to a pair longer than the model is to see.</summary>
public enum OverLong
{
    /// <summary>The prompt loses its beginning, the same for both sides; a reply that alone is too long loses its own.</summary>
    Truncate,

    /// <summary>The pair is left out.</summary>
    Drop,
}

/// <summary>Turns pairs into tokens within a length; what it cuts or leaves out is counted.</summary>
/// <param name="leastPrompt">Tokens of a prompt that have to be left of it; a language model predicts a reply's first token from the last of them.</param>
internal sealed class PairTokenizer(TextTokenizer tokenizer, int maxLength, OverLong overLong, int leastPrompt = 0)
{
    /// <summary>Pairs whose prompt was cut.</summary>
    public int Truncated { get; private set; }

    /// <summary>Those of them in which a reply alone is too long and was cut as well.</summary>
    public int RepliesCut { get; private set; }

    /// <summary>The pair as tokens; null and a fault where it has to be left out.</summary>
    public TokenizedPair? Tokenize(PreferencePair pair, out Fault? fault)
    {
        fault = null;
        var prompt = ReplyTokens.Prompt(tokenizer, pair.Prompt);
        var (chosen, rejected) = (ReplyTokens.Reply(tokenizer, pair.Chosen), ReplyTokens.Reply(tokenizer, pair.Rejected));
        var reply = Math.Max(chosen.Length, rejected.Length);
        var over = Math.Max(0, prompt.Length + reply - maxLength);
        if (over > 0 && overLong == OverLong.Drop)
        {
            fault = new Fault(DefectKind.TooLong, $"{prompt.Length + reply} tokens, more than max_length {maxLength}");
            return null;
        }

        var cut = Math.Min(over, prompt.Length);
        if (prompt.Length - cut < leastPrompt)
        {
            fault = new Fault(DefectKind.TooLong, $"a reply of {reply} tokens leaves none of its prompt's {prompt.Length} within {maxLength}");
            return null;
        }

        if (over > 0) Truncated++;
        if (reply > maxLength) RepliesCut++;
        var seen = prompt[cut..];
        return new TokenizedPair(pair, [.. seen, .. End(chosen)], [.. seen, .. End(rejected)]) { ChosenReply = chosen.Length, RejectedReply = rejected.Length };
    }

    private int[] End(int[] reply) => reply[Math.Max(0, reply.Length - maxLength)..];
}
