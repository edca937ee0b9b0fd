namespace Rlhf.Ppo;

/// <summary>How much responses repeat: each other, and themselves. A policy that games its reward shows it here first.</summary>
public static class TextDiversity
{
    /// <summary>
    /// Different n-grams of all responses together, as a share of all their n-grams
    /// (Li et al. 2016, arXiv:1510.03055); 1 where there are none.
    /// </summary>
    public static double Distinct(IEnumerable<int[]> responses, int n)
    {
        var seen = new HashSet<(int, int, int)>();
        long all = 0;
        foreach (var response in responses)
            for (var i = 0; i + n <= response.Length; i++, all++)
                seen.Add(Gram(response, i, n));
        return all == 0 ? 1 : (double)seen.Count / all;
    }

    /// <summary>The share of a response's 3-grams that occurred in it before, as the mean over responses.</summary>
    public static double Repetition(IReadOnlyCollection<int[]> responses) =>
        responses.Average(response => 1 - Distinct([response], 3));

    private static (int, int, int) Gram(int[] tokens, int at, int n) =>
        (tokens[at], n > 1 ? tokens[at + 1] : -1, n > 2 ? tokens[at + 2] : -1);
}
