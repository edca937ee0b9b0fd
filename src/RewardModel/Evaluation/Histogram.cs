namespace Rlhf.Rewards.Evaluation;

/// <summary>How many values fall between two bounds; the upper one belongs to the next bin, except in the last.</summary>
public sealed record HistogramBin(double From, double To, int Count);

/// <summary>Counts of values in bins of equal width.</summary>
internal static class Histogram
{
    /// <summary>Bins from the smallest to the largest value; one bin where all are the same, none where there are none.</summary>
    public static IReadOnlyList<HistogramBin> Of(IReadOnlyList<double> values, int bins)
    {
        if (values.Count == 0) return [];
        double low = values.Min(), high = values.Max();
        if (low == high) return [new HistogramBin(low, high, values.Count)];
        var counts = new int[bins];
        foreach (var value in values) counts[Math.Min(bins - 1, (int)((value - low) / (high - low) * bins))]++;
        return [.. counts.Select((count, i) => new HistogramBin(Edge(i), i == bins - 1 ? high : Edge(i + 1), count))];

        double Edge(int i) => low + (high - low) * i / bins;
    }
}
