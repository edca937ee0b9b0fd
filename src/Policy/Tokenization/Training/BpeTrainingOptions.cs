using Rlhf.Foundation;

namespace Rlhf.Policies.Tokenization.Training;

/// <summary>How a byte-level BPE is trained.</summary>
public sealed record BpeTrainingOptions
{
    /// <summary>Tokens in all: special ones, the 256 bytes, and merges.</summary>
    public int VocabularySize { get; init; } = 4096;

    /// <summary>A pair that is seen less often is not merged.</summary>
    public int MinFrequency { get; init; } = 2;

    /// <summary>Tokens with the ids from 0 up; the first is BOS and EOS, and pads.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<|endoftext|>"];

    internal void Validate()
    {
        var least = 256 + SpecialTokens.Count;
        if (VocabularySize < least)
            throw new RlhfException($"vocabulary_size is {VocabularySize}, expected at least {least}: 256 bytes and {SpecialTokens.Count} special tokens");
        if (MinFrequency < 1) throw new RlhfException($"min_frequency is {MinFrequency}, expected at least 1");
        if (SpecialTokens.Any(string.IsNullOrEmpty)) throw new RlhfException("special_tokens holds an empty token");
        if (SpecialTokens.Distinct().Count() != SpecialTokens.Count) throw new RlhfException("special_tokens names a token twice");
    }
}
