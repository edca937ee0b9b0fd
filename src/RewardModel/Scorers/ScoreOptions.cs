using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Judging;

namespace Rlhf.Rewards.Scorers;

/// <summary>Where scores come from: the weighted sum of every source that is named.</summary>
[Describe("the sources of the score; each that is named adds weight × score")]
public sealed record ScoreOptions
{
    [Describe("a trained reward or label model")]
    public RewardModelSource? RewardModel { get; init; }

    [Describe("a rule on length")]
    public LengthRule? Length { get; init; }

    [Describe("a rule against repetition")]
    public RepetitionRule? Repetition { get; init; }

    [Describe("a rule by pattern")]
    public RegexRule? Regex { get; init; }

    [Describe("a rule by word lists")]
    public WordsRule? Words { get; init; }

    [Describe("a verifier: the right number at the end")]
    public NumberRule? Number { get; init; }

    [Describe("a verifier: the right answer")]
    public MatchRule? Match { get; init; }

    [Describe("a verifier: JSON of the right form")]
    public JsonRule? Json { get; init; }

    [Describe("a program of your own")]
    public CommandSource? Command { get; init; }

    [Describe("a language model that judges")]
    public JudgeSource? Judge { get; init; }

    [Describe("the gold score of the shipped world")]
    public WorldRule? World { get; init; }

    /// <summary>The columns of the prompts' file that some of the sources ask for.</summary>
    public IReadOnlyList<string> Columns() =>
        [.. new[] { Number?.Column, Match?.Column, Regex?.Column, Judge?.Against }.OfType<string>().Concat(Command?.Columns ?? []).Distinct(StringComparer.Ordinal)];
}
