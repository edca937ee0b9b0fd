using Rlhf.Rewards.Scorers;

namespace Rlhf.Ppo;

/// <summary>One term of a score over a batch of episodes.</summary>
/// <param name="Name">the scorer's</param>
/// <param name="Weight">it counts with</param>
/// <param name="Scores">of each episode, before the weight</param>
internal sealed record ScoreTerm(string Name, double Weight, IReadOnlyList<double> Scores)
{
    public static ScoreTerm[] Of(WeightedScorer scorer, double[][] byTerm) =>
        [.. scorer.Terms.Zip(byTerm, (term, scores) => new ScoreTerm(term.Scorer.Name, term.Weight, scores))];

    /// <summary>
    /// How much of what tells the episodes apart comes from this term: <c>cov(w·s, total)/var(total)</c>. The shares of all terms add up to
    /// 1; one is negative where the term pulls against the others. 0 where all totals are the same.
    /// </summary>
    /// <param name="totals">the weighted sums of all terms</param>
    public double Share(IReadOnlyList<double> totals)
    {
        var (mine, mean) = (Scores.Average(), totals.Average());
        var variance = totals.Sum(total => (total - mean) * (total - mean));
        return variance == 0 ? 0 : Weight * Scores.Zip(totals, (score, total) => (score - mine) * (total - mean)).Sum() / variance;
    }
}
