using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization;

/// <summary>What a tokenizer is, for people and scripts.</summary>
public sealed record TokenizerInfo
{
    /// <summary>byte_level, byte_fallback or characters: how a character that no token covers is encoded by merges; word_piece or unigram.</summary>
    public required string Kind { get; init; }

    public required int VocabularySize { get; init; }

    public required int Merges { get; init; }

    public required IReadOnlyList<string> SpecialTokens { get; init; }

    public required string? Bos { get; init; }

    public required string? Eos { get; init; }

    public required string? Pad { get; init; }

    /// <summary>The tokens that stand before and after a text, as EncodeWithSpecials adds them.</summary>
    public required IReadOnlyList<string> Before { get; init; }

    public required IReadOnlyList<string> After { get; init; }

    /// <summary>"its own" where a chat template came with it, else null.</summary>
    public required string? ChatTemplate { get; init; }

    internal static TokenizerInfo Of(TextTokenizer tokenizer, TokenizerDefinition definition) => new()
    {
        Kind = definition.WordPiece is not null ? "word_piece" : definition.Unigram is not null ? "unigram" : definition.Splitting.ByteLevel ? "byte_level" : definition.ByteFallback ? "byte_fallback" : "characters",
        VocabularySize = tokenizer.VocabularySize,
        Merges = definition.Merges.Count,
        SpecialTokens = [.. definition.AddedTokens.Where(token => token.Special).OrderBy(token => token.Id).Select(token => token.Content)],
        Bos = Name(tokenizer, tokenizer.Bos),
        Eos = Name(tokenizer, tokenizer.Eos),
        Pad = Name(tokenizer, tokenizer.Pad),
        Before = [.. definition.Template.Before.Select(id => Name(tokenizer, id)!)],
        After = [.. definition.Template.After.Select(id => Name(tokenizer, id)!)],
        ChatTemplate = definition.ChatTemplate is null ? null : "its own",
    };

    private static string? Name(TextTokenizer tokenizer, int? id) => id is { } known ? tokenizer.IdToToken(known) : null;
}
