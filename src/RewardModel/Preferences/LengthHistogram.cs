namespace Rlhf.Rewards.Preferences;

/// <summary>How long texts are, in characters or tokens.</summary>
internal sealed record LengthSummary(long Count, int Shortest, double Mean, int Median, int Percentile95, int Longest);

/// <summary>Counts of lengths: exact percentiles of any number of rows in bounded memory.</summary>
internal sealed class LengthHistogram
{
    private readonly SortedDictionary<int, long> counts = [];

    public void Add(int length) => counts[length] = counts.GetValueOrDefault(length) + 1;

    public LengthSummary Summary()
    {
        var total = counts.Values.Sum();
        var sum = counts.Sum(pair => (double)pair.Key * pair.Value);
        return new LengthSummary(total, counts.Keys.First(), sum / total, Percentile(0.5, total), Percentile(0.95, total), counts.Keys.Last());
    }

    /// <summary>The smallest length that at least this share of texts do not exceed.</summary>
    private int Percentile(double share, long total)
    {
        long seen = 0;
        foreach (var (length, count) in counts)
        {
            seen += count;
            if (seen >= share * total) return length;
        }

        return counts.Keys.Last();
    }
}
