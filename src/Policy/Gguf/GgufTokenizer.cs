using Rlhf.Foundation;
using Rlhf.Policies.Tokenization.Bpe;
using Rlhf.Policies.Tokenization.Files;
using Rlhf.Policies.Tokenization.Splitting;

namespace Rlhf.Policies.Gguf;

/// <summary>A tokenizer as GGUF holds it: SentencePiece's pieces with scores, or byte-level tokens with merges and the name of a pattern.</summary>
internal static class GgufTokenizer
{
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;

    /// <param name="rows">of the model's embedding, each of which has to have a token</param>
    public static void AddTo(GgufWriter file, string folder, int rows)
    {
        var tokenizer = TokenizerFolder.Read(folder);
        var isByteLevel = tokenizer.Splitting.ByteLevel;
        if (tokenizer.Unigram is not null || tokenizer.WordPiece is not null || (!isByteLevel && !tokenizer.ByteFallback)) throw new RlhfException($"{folder}: byte-level tokenizers and those with merges and byte fallback are exported to GGUF, and this one is neither");
        // Readers take a text for byte-level merges as it is.
        if (isByteLevel && Prepares(tokenizer, "Ab é") != "Ab é") throw new RlhfException($"{folder}: the tokenizer rewrites texts (a space before them, lower case), which readers of GGUF do not with byte-level merges");
        file.Add("tokenizer.ggml.model", isByteLevel ? "gpt2" : "llama");
        file.Add("tokenizer.ggml.pre", isByteLevel ? PatternName(tokenizer, folder) : "default");
        var (tokens, types) = Tokens(tokenizer, rows);
        file.Add("tokenizer.ggml.tokens", tokens);
        if (!isByteLevel) file.Add("tokenizer.ggml.scores", Scores(tokenizer, tokens));
        file.Add("tokenizer.ggml.token_type", types);
        if (isByteLevel) file.Add("tokenizer.ggml.merges", tokenizer.Merges.ToArray());
        foreach (var (role, key) in ((string, string)[])[(SpecialRoles.Bos, "bos"), (SpecialRoles.Eos, "eos"), (SpecialRoles.Pad, "padding")])
            if (tokenizer.Roles.TryGetValue(role, out var id)) file.Add($"tokenizer.ggml.{key}_token_id", (uint)id);
        if (tokenizer.UnknownToken is { } unknown && tokenizer.IdOf(unknown) is { } unknownId) file.Add("tokenizer.ggml.unknown_token_id", (uint)unknownId);
        file.Add("tokenizer.ggml.add_bos_token", tokenizer.Roles.TryGetValue(SpecialRoles.Bos, out var bos) && tokenizer.Template.Before.Contains(bos));
        file.Add("tokenizer.ggml.add_eos_token", tokenizer.Roles.TryGetValue(SpecialRoles.Eos, out var eos) && tokenizer.Template.After.Contains(eos));
        file.Add("tokenizer.ggml.add_space_prefix", Prepares(tokenizer, "x") is ['▁' or ' ', ..]);
        file.Add("tokenizer.chat_template", tokenizer.ChatTemplate);
    }

    // What a tokenizer makes of the beginning of a text.
    private static string Prepares(TokenizerDefinition tokenizer, string text) => tokenizer.Splitting.Start.Prepare(tokenizer.Normalizer?.Apply(text) ?? text, 0);

    private static (string[] Tokens, int[] Types) Tokens(TokenizerDefinition tokenizer, int rows)
    {
        // Rows that no token has, as padded vocabularies do.
        string[] tokens = [.. Enumerable.Range(0, rows).Select(id => $"[PAD{id}]")];
        int[] types = [.. Enumerable.Repeat(Unused, rows)];
        foreach (var (token, id) in tokenizer.Vocabulary)
        {
            if (id < rows) (tokens[id], types[id]) = (token, token == tokenizer.UnknownToken ? Unknown : tokenizer.ByteFallback && IsByte(token) ? Byte : Normal);
        }

        foreach (var token in tokenizer.AddedTokens)
        {
            if (token.Id < rows) (tokens[token.Id], types[token.Id]) = (token.Content, token.Content == tokenizer.UnknownToken ? Unknown : token.Special ? Control : UserDefined);
        }

        return (tokens, types);
    }

    private static bool IsByte(string token) => token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[^1] == '>';

    // SentencePiece merges whichever pair makes the token with the best score: the sooner a merge, the better.
    private static float[] Scores(TokenizerDefinition tokenizer, string[] tokens)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var rank = 0; rank < tokenizer.Merges.Count; rank++)
        {
            var merge = tokenizer.Merges[rank];
            var space = merge.IndexOf(' ', 1);
            ranks.TryAdd(string.Concat(merge.AsSpan(0, space), merge.AsSpan(space + 1)), rank);
        }

        return [.. tokens.Select(token => ranks.TryGetValue(token, out var rank) ? -(float)rank : -1e6f)];
    }

    private static string PatternName(TokenizerDefinition tokenizer, string folder) => tokenizer.Splitting.Splitters switch
    {
        [RegexSplitter { Pattern: var pattern }] when pattern.ToString() == SplitPattern.Gpt2().ToString() => "gpt-2",
        [RegexSplitter { Pattern: var digit }, RegexSplitter { Pattern: var pattern }] when digit.ToString() == SplitPattern.Digit().ToString() && pattern.ToString() == SplitPattern.Gpt2().ToString() => "smollm",
        [RegexSplitter { Pattern: var pattern }] when pattern.ToString() == SplitPattern.Llama3().ToString() => "llama-bpe",
        [RegexSplitter { Pattern: var pattern }] when pattern.ToString() == SplitPattern.Qwen2().ToString() => "qwen2",
        _ => throw new RlhfException($"{folder}: the tokenizer splits by a pattern that readers of GGUF have no name for; those of GPT-2, Llama 3, Qwen2 and SmolLM have one"),
    };
}
