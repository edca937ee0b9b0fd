using MathNet.Numerics.Statistics;

namespace Rlhf.Rewards.Evaluation;

/// <summary>Accuracy over pairs whose chosen reply is longer than the rejected one by a number of tokens.</summary>
/// <param name="From">The least difference, chosen − rejected, of these pairs.</param>
/// <param name="To">The greatest.</param>
public sealed record LengthBand(int From, int To, Proportion Accuracy);

/// <summary>How much of the model's judgement could be the length of replies.</summary>
public sealed record LengthReport
{
    private const int BandCount = 5;

    /// <summary>Accuracy of always preferring the longer reply (in tokens; ties count half).</summary>
    public required Proportion Baseline { get; init; }

    /// <summary>How far accuracy lies above the baseline, paired by row, with its 95% interval.</summary>
    public required double Advantage { get; init; }

    public required double AdvantageLow { get; init; }

    public required double AdvantageHigh { get; init; }

    /// <summary>What the interval says: better, worse, or not distinguishable.</summary>
    public string Verdict => AdvantageLow > 0 ? "better" : AdvantageHigh < 0 ? "worse" : "not distinguishable";

    /// <summary>Pearson's r of reward and length over all replies; NaN where one of them never changes.</summary>
    public required double Correlation { get; init; }

    /// <summary>Accuracy by length difference, in five bands of about equally many pairs.</summary>
    public required IReadOnlyList<LengthBand> ByDifference { get; init; }

    internal static LengthReport Of(IReadOnlyList<JudgedPair> pairs)
    {
        var gains = pairs.Select(pair => pair.Correct - LongerIsRight(pair)).ToArray();
        var mean = gains.Average();
        var half = Proportion.Z * gains.PopulationStandardDeviation() / Math.Sqrt(gains.Length);
        return new LengthReport
        {
            Baseline = Proportion.Of(pairs.Sum(LongerIsRight), pairs.Count),
            Advantage = mean,
            AdvantageLow = mean - half,
            AdvantageHigh = mean + half,
            Correlation = Evaluation.Correlation.Pearson(
                [.. pairs.Select(pair => pair.Chosen), .. pairs.Select(pair => pair.Rejected)],
                [.. pairs.Select(pair => (double)pair.ChosenTokens), .. pairs.Select(pair => (double)pair.RejectedTokens)]),
            ByDifference = Bands(pairs),
        };
    }

    private static double LongerIsRight(JudgedPair pair) => JudgedPair.Correctness(Difference(pair));

    private static int Difference(JudgedPair pair) => pair.ChosenTokens - pair.RejectedTokens;

    private static LengthBand[] Bands(IReadOnlyList<JudgedPair> pairs)
    {
        var sorted = pairs.OrderBy(Difference).ToArray();
        var bands = Math.Min(BandCount, sorted.Length);
        return [.. Enumerable.Range(0, bands)
            .Select(band => sorted[(band * sorted.Length / bands)..((band + 1) * sorted.Length / bands)])
            .Select(part => new LengthBand(Difference(part[0]), Difference(part[^1]), Proportion.Of(part.Sum(pair => pair.Correct), part.Length)))];
    }
}
