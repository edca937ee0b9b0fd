namespace Rlhf.Rewards.Scorers;

/// <summary>Gives responses one number each; more is better. The same texts get the same numbers, whatever stands beside them.</summary>
public interface IScorer
{
    /// <summary>What metrics and reports call it.</summary>
    string Name { get; }

    /// <summary>The scores, in the order of the items.</summary>
    double[] Score(IReadOnlyList<ScoredText> items);
}
