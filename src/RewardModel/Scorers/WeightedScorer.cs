using Rlhf.Foundation;

namespace Rlhf.Rewards.Scorers;

/// <summary>One term of a weighted sum of scores.</summary>
public sealed record WeightedTerm(IScorer Scorer, double Weight);

/// <summary>Σ weight·score.</summary>
public sealed class WeightedScorer(IReadOnlyList<WeightedTerm> terms) : IScorer
{
    public string Name => string.Join("+", terms.Select(term => term.Scorer.Name));

    public double[] Score(IReadOnlyList<ScoredText> items)
    {
        var totals = new double[items.Count];
        foreach (var (scorer, weight) in terms)
        {
            var scores = scorer.Score(items);
            for (var i = 0; i < totals.Length; i++)
            {
                if (!double.IsFinite(scores[i]))
                    throw new RlhfException($"the score '{scorer.Name}' of a response is {scores[i]}; the response begins: {Beginning(items[i].Response)}");
                totals[i] += weight * scores[i];
            }
        }

        return totals;
    }

    private static string Beginning(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 59), "…");
}
