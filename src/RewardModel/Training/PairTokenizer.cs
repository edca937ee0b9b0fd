using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Training;

/// <summary>What happens to a pair longer than the model is to see.</summary>
public enum OverLong
{
    /// <summary>The prompt loses its beginning, the same for both sides; replies stay whole.</summary>
    Truncate,

    /// <summary>The pair is left out.</summary>
    Drop,
}

/// <summary>Turns pairs into tokens within a length; what it cuts or leaves out is counted.</summary>
public sealed class PairTokenizer(TextTokenizer tokenizer, int maxLength, OverLong overLong)
{
    /// <summary>Pairs whose prompt was cut.</summary>
    public int Truncated { get; private set; }

    /// <summary>The pair as tokens; null and a fault where it has to be left out.</summary>
    public TokenizedPair? Tokenize(PreferencePair pair, out Fault? fault)
    {
        fault = null;
        var prompt = ReplyTokens.Prompt(tokenizer, pair.Prompt);
        var (chosen, rejected) = (ReplyTokens.Reply(tokenizer, pair.Chosen), ReplyTokens.Reply(tokenizer, pair.Rejected));
        var reply = Math.Max(chosen.Length, rejected.Length);
        var cut = Math.Max(0, prompt.Length + reply - maxLength);
        if (cut > 0 && (overLong == OverLong.Drop || cut >= prompt.Length))
        {
            fault = new Fault(DefectKind.TooLong, overLong == OverLong.Drop
                ? $"{prompt.Length + reply} tokens, more than max_length {maxLength}"
                : $"a reply of {reply} tokens leaves no room for the prompt within max_length {maxLength}");
            return null;
        }

        if (cut > 0) Truncated++;
        var seen = prompt[cut..];
        return new TokenizedPair(pair, [.. seen, .. chosen], [.. seen, .. rejected]) { ChosenReply = chosen.Length, RejectedReply = rejected.Length };
    }
}
