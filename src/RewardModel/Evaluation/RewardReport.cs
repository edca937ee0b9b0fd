using Rlhf.Foundation;

namespace Rlhf.Rewards.Evaluation;

/// <summary>A pair the model gets badly wrong: it preferred the rejected reply by the margin.</summary>
public sealed record WorstPair(long Line, double Margin, string Prompt, string Chosen, string Rejected);

/// <summary>How far a reward model can be trusted, measured on pairs it has not seen.</summary>
public sealed record RewardReport
{
    private const int HistogramBins = 20;

    public required int Pairs { get; init; }

    /// <summary>Share of pairs in which the chosen reply gets the higher reward; ties count half.</summary>
    public required Proportion Accuracy { get; init; }

    /// <summary>Mean −ln σ(r⁺ − r⁻); ln 2 = 0.693 is what knowing nothing costs.</summary>
    public required double LogLoss { get; init; }

    public required Calibration Calibration { get; init; }

    /// <summary>Mean of r⁺ − r⁻.</summary>
    public required double MeanMargin { get; init; }

    /// <summary>r⁺ − r⁻ over all pairs.</summary>
    public required IReadOnlyList<HistogramBin> Margins { get; init; }

    public required LengthReport Length { get; init; }

    /// <summary>Null where the data gives no scores of its own.</summary>
    public GoldReport? Gold { get; init; }

    /// <summary>Null for a single model.</summary>
    public EnsembleReport? Ensemble { get; init; }

    public required IReadOnlyList<WorstPair> Worst { get; init; }

    internal static RewardReport Of(IReadOnlyList<JudgedPair> pairs, int worst = 10)
    {
        if (pairs.Count == 0) throw new RlhfException("there are no pairs to evaluate the reward model on; hold some out with eval_share, or name a file with eval_data");
        if (pairs.FirstOrDefault(pair => !double.IsFinite(pair.Margin)) is { } broken)
            throw new RlhfException($"the reward model scores line {broken.Pair.Line} with {broken.Chosen} and {broken.Rejected}; it is broken (train it again with a lower learning rate)");
        return new RewardReport
        {
            Pairs = pairs.Count,
            Accuracy = Proportion.Of(pairs.Sum(pair => pair.Correct), pairs.Count),
            LogLoss = Evaluation.LogLoss.Of(pairs.Select(pair => pair.Logit)),
            Calibration = Calibration.Of(pairs),
            MeanMargin = pairs.Average(pair => pair.Margin),
            Margins = Histogram.Of([.. pairs.Select(pair => pair.Margin)], HistogramBins),
            Length = LengthReport.Of(pairs),
            Gold = GoldReport.Of(pairs),
            Ensemble = EnsembleReport.Of(pairs),
            Worst = [.. pairs.Where(pair => pair.Margin < 0).OrderBy(pair => pair.Margin).Take(worst)
                .Select(pair => new WorstPair(pair.Pair.Line, pair.Margin, pair.Pair.Prompt, pair.Pair.Chosen, pair.Pair.Rejected))],
        };
    }
}
