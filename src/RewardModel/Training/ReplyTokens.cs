using Rlhf.Policies.Tokenization;

namespace Rlhf.Rewards.Training;

/// <summary>The tokens of a prompt and a reply, as the policy produces them: encoded apart, the reply closed by the end of text.</summary>
internal static class ReplyTokens
{
    public static int[] Prompt(TextTokenizer tokenizer, string prompt) => tokenizer.EncodeWithSpecials(prompt);

    public static int[] Reply(TextTokenizer tokenizer, string reply) => Closed(tokenizer, tokenizer.Encode(reply));

    /// <summary>With the end of text behind; what already ends with it (a chat template's reply) gets no second one.</summary>
    public static int[] Closed(TextTokenizer tokenizer, int[] tokens) =>
        tokenizer.Eos is { } eos && (tokens.Length == 0 || tokens[^1] != eos) ? [.. tokens, eos] : tokens;

    /// <param name="hasEnded">whether the policy ended it; what was cut off is not closed</param>
    public static int[] Of(TextTokenizer tokenizer, string prompt, string reply, bool hasEnded) => [.. Prompt(tokenizer, prompt), .. hasEnded ? Reply(tokenizer, reply) : tokenizer.Encode(reply)];

    public static int[] Whole(TextTokenizer tokenizer, string prompt, string reply) => [.. Prompt(tokenizer, prompt), .. Reply(tokenizer, reply)];
}
