using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Scorers;

/// <summary>A reward for words.</summary>
[Describe("the share of words in the good list minus the share in the bad list")]
public sealed record WordsRule : IChecked
{
    [Describe("how much it counts")]
    public double Weight { get; init; } = 1;

    [Describe("words that add")]
    public IReadOnlyList<string> Good { get; init; } = [];

    [Describe("words that subtract")]
    public IReadOnlyList<string> Bad { get; init; } = [];

    public IEnumerable<Problem> Problems()
    {
        if (Good.Count + Bad.Count == 0) yield return new Problem(nameof(Good), "found no words; expected some here or under bad");
    }
}

/// <summary><c>(good − bad)/words</c> of a response; 0 where it has no words.</summary>
internal sealed class WordsScorer(WordsRule rule) : IScorer
{
    private readonly HashSet<string> good = rule.Good.Select(word => word.ToLowerInvariant()).ToHashSet(StringComparer.Ordinal);
    private readonly HashSet<string> bad = rule.Bad.Select(word => word.ToLowerInvariant()).ToHashSet(StringComparer.Ordinal);

    public string Name => "words";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => Score(Words.Of(item.Response)))];

    private double Score(IReadOnlyList<string> words) =>
        words.Count == 0 ? 0 : (double)(words.Count(good.Contains) - words.Count(bad.Contains)) / words.Count;
}
