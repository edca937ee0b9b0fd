namespace Rlhf.Maths;

/// <summary>How varied responses are, from their tokens.</summary>
internal static class Diversity
{
    /// <summary>
    /// Distinct-n (Li et al. 2016): different n-grams as a share of all n-grams, over all responses together.
    /// NaN where no response is n tokens long.
    /// </summary>
    public static double Distinct(IEnumerable<IReadOnlyList<int>> responses, int n)
    {
        var seen = new HashSet<Gram>();
        long total = 0;
        foreach (var response in responses)
            foreach (var gram in Grams(response, n))
            {
                seen.Add(gram);
                total++;
            }

        return total == 0 ? double.NaN : (double)seen.Count / total;
    }

    /// <summary>
    /// The share of a response's n-grams that occurred in it before, averaged over responses of at least n tokens:
    /// 0 for a response that never repeats itself, near 1 for one that loops.
    /// </summary>
    public static double Repetition(IEnumerable<IReadOnlyList<int>> responses, int n)
    {
        double sum = 0;
        var counted = 0;
        foreach (var response in responses)
        {
            var grams = response.Count - n + 1;
            if (grams < 1) continue;
            sum += 1 - (double)Grams(response, n).ToHashSet().Count / grams;
            counted++;
        }

        return counted == 0 ? double.NaN : sum / counted;
    }

    private static IEnumerable<Gram> Grams(IReadOnlyList<int> tokens, int n)
    {
        for (var start = 0; start + n <= tokens.Count; start++) yield return new Gram(tokens, start, n);
    }

    /// <summary>n neighbouring tokens, equal where the tokens are.</summary>
    private readonly struct Gram(IReadOnlyList<int> tokens, int start, int length) : IEquatable<Gram>
    {
        private readonly IReadOnlyList<int> _tokens = tokens;
        private readonly int _start = start;
        private readonly int _length = length;

        public bool Equals(Gram other)
        {
            if (_length != other._length) return false;
            for (var i = 0; i < _length; i++)
                if (_tokens[_start + i] != other._tokens[other._start + i]) return false;
            return true;
        }

        public override bool Equals(object? obj) => obj is Gram other && Equals(other);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            for (var i = 0; i < _length; i++) hash.Add(_tokens[_start + i]);
            return hash.ToHashCode();
        }
    }
}
