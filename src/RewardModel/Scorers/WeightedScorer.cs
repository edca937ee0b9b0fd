using Rlhf.Foundation;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Scorers;

/// <summary>One term of a weighted sum of scores.</summary>
public sealed record WeightedTerm(IScorer Scorer, double Weight);

/// <summary>Σ weight·score.</summary>
public sealed class WeightedScorer(IReadOnlyList<WeightedTerm> terms) : IScorer, IMeasured
{
    public string Name => string.Join("+", terms.Select(term => term.Scorer.Name));

    public IReadOnlyList<WeightedTerm> Terms => terms;

    public IReadOnlyDictionary<string, double> Measures => terms.Select(term => term.Scorer).OfType<IMeasured>().SelectMany(scorer => scorer.Measures).ToDictionary();

    public double[] Score(IReadOnlyList<ScoredText> items) => Sum(ByTerm(items));

    /// <summary>What each term says of each item, before its weight.</summary>
    public double[][] ByTerm(IReadOnlyList<ScoredText> items) => [.. terms.Select(term => Finite(term.Scorer, items))];

    public double[] Sum(double[][] byTerm)
    {
        var totals = new double[byTerm[0].Length];
        foreach (var ((_, weight), scores) in terms.Zip(byTerm))
            for (var i = 0; i < totals.Length; i++) totals[i] += weight * scores[i];
        return totals;
    }

    private static double[] Finite(IScorer scorer, IReadOnlyList<ScoredText> items)
    {
        var scores = scorer.Score(items);
        var wrong = Array.FindIndex(scores, score => !double.IsFinite(score));
        return wrong < 0 ? scores
            : throw new RlhfException($"the score '{scorer.Name}' of a response is {scores[wrong]}; the response begins: {PlainText.Beginning(items[wrong].Response)}");
    }
}
