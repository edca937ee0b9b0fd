using System.Text.RegularExpressions;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Scorers;

/// <summary>A reward for what a pattern finds.</summary>
[Describe("1 where the pattern is found in the response, or where a group of its last match is what a column says; 0 where not")]
public sealed record RegexRule : IChecked
{
    [Describe("how much it counts; negative to punish")]
    public double Weight { get; init; } = 1;

    [Describe("a .NET regular expression")]
    public string Pattern { get; init; } = "";

    [Describe("the column of the prompts' file that the group has to hold; empty: the pattern has to be found and no more")]
    public string? Column { get; init; }

    [Describe("name or number of the group that is compared with column; 0: all of the match")]
    public string Group { get; init; } = "0";

    public IEnumerable<Problem> Problems()
    {
        if (Pattern.Length == 0) yield return new Problem(nameof(Pattern), "found nothing; expected a regular expression");
        if (Defect(out var names) is { } defect) yield return new Problem(nameof(Pattern), $"is no regular expression: {defect}");
        else if (!names.Contains(Group)) yield return new Problem(nameof(Group), $"found '{Group}'; the pattern has the groups {string.Join(", ", names)}");
    }

    private string? Defect(out string[] names)
    {
        try
        {
            names = new Regex(Pattern).GetGroupNames();
            return null;
        }
        catch (RegexParseException error)
        {
            names = [];
            return error.Message;
        }
    }
}

/// <summary>Whether a pattern finds what it should in a response. One that takes too long on a response is an error, not a score.</summary>
internal sealed class RegexScorer(RegexRule rule) : IScorer
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private readonly Regex regex = new(rule.Pattern, RegexOptions.CultureInvariant, Longest);

    public string Name => "regex";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => IsRight(item) ? 1.0 : 0.0)];

    private bool IsRight(ScoredText item)
    {
        try
        {
            if (rule.Column is not { } column) return regex.IsMatch(item.Response);
            return regex.Matches(item.Response) is [.., var last] && last.Groups[rule.Group] is { Success: true } group && group.Value.Trim() == item.Fact(column).Trim();
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new RlhfException($"regex.pattern '{rule.Pattern}' takes more than {Longest.TotalSeconds:0} s on one response; write it without nested repetition", error);
        }
    }
}
