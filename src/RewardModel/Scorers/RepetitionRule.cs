using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Scorers;

/// <summary>A penalty for saying the same again.</summary>
[Describe("minus the share of word n-grams that were said before in the response")]
public sealed record RepetitionRule
{
    [Describe("how much it counts")]
    public double Weight { get; init; } = 1;

    [Describe("words in a row that count as the same"), AtLeast(1)]
    public int Size { get; init; } = 2;
}

/// <summary><c>−(1 − distinct/all)</c> over the n-grams of a response; 0 where it has none.</summary>
internal sealed class RepetitionScorer(RepetitionRule rule) : IScorer
{
    public string Name => "repetition";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => Score(Words.Of(item.Response)))];

    private double Score(IReadOnlyList<string> words)
    {
        var all = words.Count - rule.Size + 1;
        if (all < 1) return 0;
        var distinct = Enumerable.Range(0, all).Select(start => string.Join(' ', words.Skip(start).Take(rule.Size))).Distinct(StringComparer.Ordinal).Count();
        return -(1 - (double)distinct / all);
    }
}
