using Rlhf.Policies.Tokenization.Normalizing;
using Rlhf.Policies.Tokenization.Splitting;

namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>What a tokenizer is, whichever files it came from.</summary>
internal sealed record TokenizerDefinition
{
    public required string Source { get; init; }

    public required Dictionary<string, int> Vocabulary { get; init; }

    /// <summary>Pairs "left right", best first.</summary>
    public required IReadOnlyList<string> Merges { get; init; }

    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    public Normalizer? Normalizer { get; init; }

    public WordSplitting Splitting { get; init; } = WordSplitting.None;

    public TokenText Decoding { get; init; } = TokenText.Plain;

    public SequenceTemplate Template { get; init; } = SequenceTemplate.Empty;

    /// <summary>A character that the vocabulary lacks becomes the tokens &lt;0x00&gt; … &lt;0xFF&gt; of its UTF-8 bytes.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>A word that is a token is that token, whatever the merges would make of it.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>The model is WordPiece.</summary>
    public WordPieceRules? WordPiece { get; init; }

    /// <summary>The model is Unigram.</summary>
    public UnigramRules? Unigram { get; init; }

    public string? UnknownToken { get; init; }

    public bool FuseUnknown { get; init; }

    /// <summary>Ids by role (<see cref="SpecialRoles"/>).</summary>
    public IReadOnlyDictionary<string, int> Roles { get; init; } = new Dictionary<string, int>();

    /// <summary>The chat template that came with the tokenizer, in Jinja.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>The id of a token, added or of the vocabulary.</summary>
    public int? IdOf(string token)
        => AddedTokens.FirstOrDefault(added => added.Content == token)?.Id ?? (Vocabulary.TryGetValue(token, out var id) ? id : null);
}

/// <summary>The ids that stand before and after a text given to a model.</summary>
internal sealed record SequenceTemplate(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    public static SequenceTemplate Empty { get; } = new([], []);
}
