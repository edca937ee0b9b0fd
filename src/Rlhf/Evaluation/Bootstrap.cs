using MathNet.Numerics.Distributions;

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
/// prompt, of the policy and of the reference alike, is drawn together, so comparisons stay paired. Plain percentiles are
/// too narrow for few items, by √((n − 1)/n) and by what Student's t has over the normal; they are widened by that
/// (Hesterberg 2015, "expanded percentile").
/// </summary>
internal static class Bootstrap
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
    /// independently; the first is what intervals are widened for. A replicate that is NaN is left out of its statistic's interval; where more than half are NaN the
    /// bounds are NaN.
    /// </summary>
    public static IReadOnlyList<Estimate> Statistics(IReadOnlyList<int> counts, Func<int[][], double[]> statistics, BootstrapOptions options)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        var drawn = counts.Select(count => Enumerable.Range(0, count).ToArray()).ToArray();
        var values = statistics(drawn);
        if (counts.Any(count => count == 0)) return [.. values.Select(value => new Estimate(value, double.NaN, double.NaN))];

        var replicates = Replicates(drawn, statistics, values.Length, options);
        var tail = Tail(counts[0], options.Level);
        return [.. values.Select((value, s) => Interval(value, replicates[s], tail, 1 - tail, options))];
    }

    /// <summary>
    /// One statistic whose replicates lie askew round its value, such as a ratio of two estimates: bias-corrected and accelerated (Efron
    /// 1987), the acceleration from leaving out each item in turn.
    /// </summary>
    public static Estimate Accelerated(int count, Func<int[], double> statistic, BootstrapOptions options)
    {
        int[] all = [.. Enumerable.Range(0, count)];
        var value = statistic(all);
        if (count < 3) return Statistics(count, drawn => [statistic(drawn)], options)[0];
        var without = all.Select(left => statistic([.. all.Where(i => i != left)])).ToArray();
        var centre = without.Average();
        var square = without.Sum(one => Math.Pow(centre - one, 2));
        var acceleration = square > 0 ? without.Sum(one => Math.Pow(centre - one, 3)) / (6 * Math.Pow(square, 1.5)) : 0;

        var replicates = Replicates([all], drawn => [statistic(drawn[0])], 1, options)[0];
        var below = (replicates.Count(one => one < value) + 0.5 * replicates.Count(one => one == value)) / Math.Max(1, replicates.Count);
        var bias = Normal.InvCDF(0, 1, Math.Clamp(below, 0.01, 0.99));
        var end = Normal.InvCDF(0, 1, Tail(count, options.Level));
        return Interval(value, replicates, Shifted(end), Shifted(-end), options);

        double Shifted(double z) => Normal.CDF(0, 1, bias + (bias + z) / (1 - acceleration * (bias + z)));
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

    // Of each statistic those that are numbers. What is drawn is written into the arrays.
    private static List<double>[] Replicates(int[][] drawn, Func<int[][], double[]> statistics, int count, BootstrapOptions options)
    {
        var random = new Random(options.Seed);
        var replicates = Enumerable.Range(0, count).Select(_ => new List<double>(options.Resamples)).ToArray();
        for (var replicate = 0; replicate < options.Resamples; replicate++)
        {
            foreach (var indices in drawn)
                for (var i = 0; i < indices.Length; i++) indices[i] = random.Next(indices.Length);
            var resampled = statistics(drawn);
            for (var s = 0; s < count; s++)
                if (!double.IsNaN(resampled[s])) replicates[s].Add(resampled[s]);
        }

        return replicates;
    }

    /// <summary>The share of replicates beyond each bound.</summary>
    private static double Tail(int count, double level) => count < 2 ? (1 - level) / 2
        : Normal.CDF(0, 1, -Math.Sqrt(count / (count - 1.0)) * StudentT.InvCDF(0, 1, count - 1, (1 + level) / 2));

    private static Estimate Interval(double value, List<double> replicates, double low, double high, BootstrapOptions options)
    {
        if (replicates.Count * 2 < options.Resamples) return new Estimate(value, double.NaN, double.NaN);
        replicates.Sort();
        return new Estimate(value, Quantile(replicates, low), Quantile(replicates, high));
    }

    private static double MeanOf(IReadOnlyList<double> values, int[] drawn)
    {
        var sum = 0.0;
        foreach (var i in drawn) sum += values[i];
        return sum / drawn.Length;
    }
}
