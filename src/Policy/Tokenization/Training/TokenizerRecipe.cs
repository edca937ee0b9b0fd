using Rlhf.Foundation.Recipes;

namespace Rlhf.Policies.Tokenization.Training;

/// <summary>How a tokenizer is trained.</summary>
public sealed record TokenizerRecipe : IChecked
{
    [Describe("files whose texts it learns from (.jsonl, .json, .gz of either, .parquet, .txt)"), Input]
    public IReadOnlyList<string> Data { get; init; } = [];

    [Describe("columns to learn from, of text or of {role, content} lists; none: every column of text, and messages")]
    public IReadOnlyList<string> Columns { get; init; } = [];

    [Describe("tokens in all: special ones, the 256 bytes, and merges")]
    [AtLeast(257)]
    public int VocabularySize { get; init; } = 4096;

    [Describe("a pair of tokens seen less often is not merged")]
    [AtLeast(1)]
    public int MinFrequency { get; init; } = 2;

    [Describe("tokens with the ids from 0 up; the first begins, ends and pads texts")]
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<|endoftext|>"];

    public IEnumerable<Problem> Problems()
    {
        if (Data.Count == 0) yield return new Problem(nameof(Data), "found nothing; expected at least one file, as in [texts.jsonl]");
        if (VocabularySize < 256 + SpecialTokens.Count)
            yield return new Problem(nameof(VocabularySize), $"found {VocabularySize}; expected at least {256 + SpecialTokens.Count}, for 256 bytes and {SpecialTokens.Count} special tokens");
        if (SpecialTokens.Any(string.IsNullOrEmpty)) yield return new Problem(nameof(SpecialTokens), "found an empty token; expected text");
        if (SpecialTokens.Distinct().Count() != SpecialTokens.Count) yield return new Problem(nameof(SpecialTokens), "found a token twice; expected each once");
    }

    public BpeTrainingOptions ToOptions() => new() { VocabularySize = VocabularySize, MinFrequency = MinFrequency, SpecialTokens = SpecialTokens };
}
