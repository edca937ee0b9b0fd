using System.Text.RegularExpressions;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Scorers;

/// <summary>A reward for what a pattern finds.</summary>
[Describe("1 where the pattern is found in the response, 0 where not")]
public sealed record RegexRule : IChecked
{
    [Describe("how much it counts; negative to punish")]
    public double Weight { get; init; } = 1;

    [Describe("a .NET regular expression")]
    public string Pattern { get; init; } = "";

    public IEnumerable<Problem> Problems()
    {
        if (Pattern.Length == 0) yield return new Problem(nameof(Pattern), "found nothing; expected a regular expression");
        if (Defect() is { } defect) yield return new Problem(nameof(Pattern), $"is no regular expression: {defect}");
    }

    private string? Defect()
    {
        try
        {
            _ = new Regex(Pattern);
            return null;
        }
        catch (RegexParseException error)
        {
            return error.Message;
        }
    }
}

/// <summary>Whether a pattern is found in a response. One that takes too long on a response is an error, not a score.</summary>
public sealed class RegexScorer(RegexRule rule) : IScorer
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private readonly Regex regex = new(rule.Pattern, RegexOptions.CultureInvariant, Longest);

    public string Name => "regex";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => IsMatch(item.Response) ? 1.0 : 0.0)];

    private bool IsMatch(string response)
    {
        try
        {
            return regex.IsMatch(response);
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new RlhfException($"regex.pattern '{rule.Pattern}' takes more than {Longest.TotalSeconds:0} s on one response; write it without nested repetition", error);
        }
    }
}
