using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Scorers;

/// <summary>How alike two answers have to be.</summary>
public enum Likeness
{
    /// <summary>The same but for white space around them.</summary>
    Exact,

    /// <summary>The same words, whatever case, punctuation and articles.</summary>
    Normalized,
}

/// <summary>A verifier of answers that are known word for word.</summary>
[Describe("1 where the response is what a column of the prompts' file says, 0 where not")]
public sealed record MatchRule : IChecked
{
    [Describe("how much it counts")]
    public double Weight { get; init; } = 1;

    [Describe("the column of the prompts' file that holds the right answer")]
    public string Column { get; init; } = "answer";

    [Describe("exact (but for white space around it) or normalized (whatever case, punctuation and articles)")]
    public Likeness Mode { get; init; } = Likeness.Normalized;

    public IEnumerable<Problem> Problems()
    {
        if (Column.Length == 0) yield return new Problem(nameof(Column), "found nothing; expected a column of the prompts' file");
    }
}

/// <summary>Whether a response is the right answer.</summary>
internal sealed class MatchScorer(MatchRule rule) : IScorer
{
    public string Name => "match";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => Plain(item.Response) == Plain(item.Fact(rule.Column)) ? 1.0 : 0)];

    private string Plain(string text) => rule.Mode == Likeness.Exact ? text.Trim() : PlainText.Normalized(text);
}
