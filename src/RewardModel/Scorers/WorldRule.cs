using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.World;

namespace Rlhf.Rewards.Scorers;

/// <summary>The known score of the shipped world.</summary>
[Describe("the gold score of the shipped world")]
public sealed record WorldRule
{
    [Describe("how much it counts")]
    public double Weight { get; init; } = 1;
}

/// <summary>The gold score of the shipped world, computed from the text.</summary>
internal sealed class WorldScorer : IScorer
{
    public string Name => "world";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => GoldScore.Score(item.Prompt, item.Response))];
}
