using Rlhf.Policies.Recipes;
using Rlhf.Policies.Tokenization.Training;

namespace Rlhf.Program;

/// <summary>How a tokenizer is trained.</summary>
public sealed record TokenizerRecipe : IChecked
{
    [Describe("files whose text columns it learns from (.jsonl, .json, .gz of either, .parquet)")]
    public IReadOnlyList<string> Data { get; init; } = [];

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
    }

    internal BpeTrainingOptions ToOptions() => new() { VocabularySize = VocabularySize, MinFrequency = MinFrequency, SpecialTokens = SpecialTokens };
}
