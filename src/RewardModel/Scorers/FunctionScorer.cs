namespace Rlhf.Rewards.Scorers;

/// <summary>The score that a function gives each response.</summary>
/// <param name="name">what metrics and reports call it</param>
/// <param name="score">more is better; the same text has to get the same number</param>
public sealed class FunctionScorer(string name, Func<ScoredText, double> score) : IScorer
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(score)];
}
