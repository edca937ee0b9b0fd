using Rlhf.Foundation.Recipes;

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

    [Describe("a program of your own")]
    public CommandSource? Command { get; init; }

    [Describe("the gold score of the shipped world")]
    public WorldRule? World { get; init; }
}
