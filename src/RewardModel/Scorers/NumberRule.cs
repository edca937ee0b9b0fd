using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Scorers;

/// <summary>A verifier of worked answers that end with a number.</summary>
[Describe("1 where the response's number, in its last \\boxed{} or else the last it has, is that of a column of the prompts' file, 0 where not")]
public sealed record NumberRule : IChecked
{
    [Describe("how much it counts")]
    public double Weight { get; init; } = 1;

    [Describe("the column of the prompts' file that holds the right answer; of a text its own last number")]
    public string Column { get; init; } = "answer";

    [Describe("how far off a number may be, as a share of the right one (of 1 where that is smaller)"), AtLeast(0)]
    public double Tolerance { get; init; } = 1e-6;

    public IEnumerable<Problem> Problems()
    {
        if (Column.Length == 0) yield return new Problem(nameof(Column), "found nothing; expected a column of the prompts' file");
    }
}

/// <summary>Whether a response ends with the right number.</summary>
internal sealed class NumberScorer(NumberRule rule) : IScorer
{
    public string Name => "number";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => IsRight(item) ? 1.0 : 0)];

    private bool IsRight(ScoredText item)
    {
        var column = item.Fact(rule.Column);
        var right = FinalNumber.In(column) ?? throw new RlhfException($"number.column: '{rule.Column}' of the prompt '{PlainText.Beginning(item.Prompt)}' holds '{PlainText.Beginning(column)}'; expected a number, or a text that ends with one");
        return FinalNumber.In(item.Response) is { } found && FinalNumber.Same(found, right, rule.Tolerance);
    }
}
