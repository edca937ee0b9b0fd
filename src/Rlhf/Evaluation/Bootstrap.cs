namespace Rlhf.Evaluation;

/// <summary>How intervals are resampled.</summary>
public sealed record BootstrapOptions
{
    public int Resamples { get; init; } = 1000;
    public double Level { get; init; } = 0.95;
    public int Seed { get; init; }
}

/// <summary>
/// Percentile intervals by resampling with replacement (Efron 1979). What is resampled is the prompt: every number of a
/// prompt, of the policy and of the reference alike, is drawn together, so comparisons stay paired.
/// </summary>
public static class Bootstrap
{
    /// <summary>The mean of one number per prompt, with its interval.</summary>
    public static Estimate Mean(IReadOnlyList<double> byPrompt, BootstrapOptions options) =>
        Statistics(byPrompt.Count, drawn => [MeanOf(byPrompt, drawn)], options)[0];

    /// <summary>
    /// Several statistics of the same resampled items. <paramref name="statistics"/> is given the drawn indices
    /// (0, 1, …, count − 1 for the values themselves).
    /// </summary>
    public static IReadOnlyList<Estimate> Statistics(int count, Func<int[], double[]> statistics, BootstrapOptions options) =>
        Statistics([count], drawn => statistics(drawn[0]), options);

    /// <summary>
    /// The same where several kinds of things were sampled (prompts, and runs or checkpoints): each kind is resampled
    /// independently. A replicate that is NaN is left out of its statistic's interval; where more than half are NaN the
    /// bounds are NaN.
    /// </summary>
    public static IReadOnlyList<Estimate> Statistics(IReadOnlyList<int> counts, Func<int[][], double[]> statistics, BootstrapOptions options)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        var drawn = counts.Select(count => Enumerable.Range(0, count).ToArray()).ToArray();
        var values = statistics(drawn);
        if (counts.Any(count => count == 0)) return [.. values.Select(value => new Estimate(value, double.NaN, double.NaN))];

        var random = new Random(options.Seed);
        var replicates = values.Select(_ => new List<double>(options.Resamples)).ToArray();
        for (var replicate = 0; replicate < options.Resamples; replicate++)
        {
            foreach (var indices in drawn)
                for (var i = 0; i < indices.Length; i++) indices[i] = random.Next(indices.Length);
            var resampled = statistics(drawn);
            for (var s = 0; s < values.Length; s++)
                if (!double.IsNaN(resampled[s])) replicates[s].Add(resampled[s]);
        }

        return [.. values.Select((value, s) => Interval(value, replicates[s], options))];
    }

    /// <summary>The quantile of sorted numbers, linear between neighbours (type 7 of Hyndman and Fan 1996).</summary>
    public static double Quantile(IReadOnlyList<double> sorted, double probability)
    {
        if (sorted.Count == 0) return double.NaN;
        var position = probability * (sorted.Count - 1);
        var below = (int)Math.Floor(position);
        var above = Math.Min(below + 1, sorted.Count - 1);
        var share = position - below;
        return share == 0 || sorted[below] == sorted[above] ? sorted[below] : sorted[below] + share * (sorted[above] - sorted[below]);
    }

    private static Estimate Interval(double value, List<double> replicates, BootstrapOptions options)
    {
        if (replicates.Count * 2 < options.Resamples) return new Estimate(value, double.NaN, double.NaN);
        replicates.Sort();
        var tail = (1 - options.Level) / 2;
        return new Estimate(value, Quantile(replicates, tail), Quantile(replicates, 1 - tail));
    }

    private static double MeanOf(IReadOnlyList<double> values, int[] drawn)
    {
        var sum = 0.0;
        foreach (var i in drawn) sum += values[i];
        return sum / drawn.Length;
    }
}
