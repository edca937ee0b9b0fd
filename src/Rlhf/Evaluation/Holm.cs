namespace Rlhf.Evaluation;

/// <summary>The correction for looking at many: of all comparisons together, one is wrongly found with the probability that one alone would be (Holm 1979).</summary>
internal static class Holm
{
    /// <summary>Adjusted probabilities, in the order given: the k-th smallest of m times m − k + 1, and no smaller than those before it.</summary>
    public static double[] Adjust(IReadOnlyList<double> probabilities)
    {
        var adjusted = new double[probabilities.Count];
        var least = 0.0;
        foreach (var (rank, place) in Enumerable.Range(0, probabilities.Count).OrderBy(i => probabilities[i]).Index())
            adjusted[place] = least = Math.Max(least, Math.Min(1, (probabilities.Count - rank) * probabilities[place]));
        return adjusted;
    }
}
