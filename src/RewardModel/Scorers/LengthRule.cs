using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Scorers;

/// <summary>What a length is counted in.</summary>
public enum LengthIn
{
    Words,
    Tokens,
    Characters,
}

/// <summary>A reward for sensible length.</summary>
[Describe("1 within the window, falling linearly to 0 over the slack outside it")]
public sealed record LengthRule : IChecked
{
    [Describe("how much it counts")]
    public double Weight { get; init; } = 1;

    [Describe("shortest full length"), AtLeast(0)]
    public int Least { get; init; } = 5;

    [Describe("longest full length"), AtLeast(1)]
    public int Most { get; init; } = 50;

    [Describe("how far outside the window the score reaches 0"), AtLeast(1)]
    public int Slack { get; init; } = 10;

    [Describe("words, tokens or characters")]
    public LengthIn Unit { get; init; } = LengthIn.Words;

    public IEnumerable<Problem> Problems()
    {
        if (Most < Least) yield return new Problem(nameof(Most), $"found {Most}; expected at least {nameof(Least).ToLowerInvariant()} ({Least})");
    }
}

/// <summary><c>1 − distance/slack</c>, at least 0, for the distance of a response's length from a window.</summary>
internal sealed class LengthScorer(LengthRule rule) : IScorer
{
    public string Name => "length";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => Score(LengthOf(item)))];

    private double Score(int length)
    {
        var distance = Math.Max(0, Math.Max(rule.Least - length, length - rule.Most));
        return Math.Max(0, 1 - (double)distance / rule.Slack);
    }

    private int LengthOf(ScoredText item) => rule.Unit switch
    {
        LengthIn.Tokens => item.ResponseTokens.Length,
        LengthIn.Characters => item.Response.Length,
        _ => Words.Of(item.Response).Count,
    };
}
