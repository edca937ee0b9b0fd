namespace Rlhf.Evaluation;

/// <summary>
/// Best-of-n sampling: draw n responses, keep the one the proxy scores highest. It needs no training, which makes it
/// the baseline that a trained policy has to beat at the same KL.
/// </summary>
internal static class BestOfN
{
    /// <summary>
    /// KL of the best-of-n policy from the one it samples: ln n − (n−1)/n (Stiennon et al. 2020). Exact for continuous
    /// scores; where scores tie it is an upper bound (Beirami et al. 2024).
    /// </summary>
    public static double Kl(int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        return Math.Log(n) - (n - 1.0) / n;
    }

    /// <summary>
    /// The expected value of the sample that the proxy picks among n, from N ≥ n samples, without bias:
    /// Σ_{k≥n} C(k−1, n−1)/C(N, n)·value_(k), samples sorted by proxy (Nakano et al. 2021). It is the mean over all
    /// subsets of n. Samples that tie in the proxy are each equally likely to be picked, so they share the mean of the
    /// weights of the places they fill.
    /// </summary>
    public static double Expected(IReadOnlyList<double> proxy, IReadOnlyList<double> value, int n) =>
        Expected(Sorted(proxy, value), n);

    /// <summary>The expected value for n = 1 … N; element n − 1 belongs to n.</summary>
    public static double[] Expected(IReadOnlyList<double> proxy, IReadOnlyList<double> value)
    {
        var sorted = Sorted(proxy, value);
        return [.. Enumerable.Range(1, sorted.Length).Select(n => Expected(sorted, n))];
    }

    /// <summary>The expected value for some n, with one sorting for all.</summary>
    public static double[] Expected(IReadOnlyList<double> proxy, IReadOnlyList<double> value, IReadOnlyList<int> counts)
    {
        var sorted = Sorted(proxy, value);
        return [.. counts.Select(n => Expected(sorted, n))];
    }

    /// <summary>The place of the sample to keep: the highest proxy, the first of equals.</summary>
    public static int Pick(IReadOnlyList<double> proxy)
    {
        if (proxy.Count == 0) throw new ArgumentException("there is no sample to pick from");
        var best = 0;
        for (var i = 1; i < proxy.Count; i++)
            if (proxy[i] > proxy[best] || double.IsNaN(proxy[best])) best = i;
        return best;
    }

    // With ties averaged beforehand, every place of a group of equals holds the group's mean value.
    private static double[] Sorted(IReadOnlyList<double> proxy, IReadOnlyList<double> value)
    {
        if (proxy.Count != value.Count) throw new ArgumentException($"{proxy.Count} proxy scores against {value.Count} values: they must be of the same samples");
        if (proxy.Any(double.IsNaN)) throw new ArgumentException("a proxy score is NaN: samples cannot be ranked by it");

        var order = Enumerable.Range(0, proxy.Count).OrderBy(i => proxy[i]).ToArray();
        var sorted = new double[order.Length];
        for (var first = 0; first < order.Length;)
        {
            var end = first + 1;
            while (end < order.Length && proxy[order[end]] == proxy[order[first]]) end++;
            var mean = Enumerable.Range(first, end - first).Average(k => value[order[k]]);
            for (var k = first; k < end; k++) sorted[k] = mean;
            first = end;
        }

        return sorted;
    }

    // w_N = n/N and w_{k−1} = w_k·(k−n)/(k−1): the binomials themselves would overflow.
    private static double Expected(double[] sorted, int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(n, sorted.Length);
        var weight = (double)n / sorted.Length;
        var sum = 0.0;
        for (var k = sorted.Length; k >= n; k--)
        {
            sum += weight * sorted[k - 1];
            if (k > 1) weight *= (k - (double)n) / (k - 1);
        }

        return sum;
    }
}
