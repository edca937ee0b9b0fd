using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Training;

/// <summary>Turns labelled texts into tokens, closed by the end of text; one that is too long loses its end, as a response that was cut off.</summary>
internal sealed class LabelTokenizer(TextTokenizer tokenizer, int maxLength)
{
    /// <summary>Texts that were cut.</summary>
    public int Truncated { get; private set; }

    public TokenizedLabel Tokenize(LabelRow row)
    {
        var tokens = ReplyTokens.Closed(tokenizer, ReplyTokens.Prompt(tokenizer, row.Text));
        if (tokens.Length > maxLength)
        {
            Truncated++;
            tokens = tokens[..maxLength];
        }

        return new TokenizedLabel(tokens, row.Label);
    }
}
