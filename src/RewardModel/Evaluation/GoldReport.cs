namespace Rlhf.Rewards.Evaluation;

/// <summary>The model beside the scores the data itself gives: how good could any judge be on these labels?</summary>
public sealed record GoldReport
{
    /// <summary>Accuracy of a judge who knows the scores: what label noise allows.</summary>
    public required Proportion Ceiling { get; init; }

    /// <summary>How often the model prefers the reply with the higher score, where they differ.</summary>
    public required Proportion Agreement { get; init; }

    /// <summary>Pearson's r of the model's margin and the score gap, over pairs.</summary>
    public required double Correlation { get; init; }

    /// <summary>Over the pairs that carry both scores; null where none does.</summary>
    internal static GoldReport? Of(IReadOnlyList<JudgedPair> pairs)
    {
        var scored = pairs.Where(pair => pair.Pair is { ChosenScore: not null, RejectedScore: not null })
            .Select(pair => (pair.Margin, Gap: pair.Pair.ChosenScore!.Value - pair.Pair.RejectedScore!.Value)).ToArray();
        if (scored.Length == 0) return null;
        var apart = scored.Where(pair => pair.Gap != 0).ToArray();
        return new GoldReport
        {
            Ceiling = Proportion.Of(scored.Sum(pair => JudgedPair.Correctness(pair.Gap)), scored.Length),
            Agreement = Proportion.Of(apart.Sum(pair => JudgedPair.Correctness(pair.Margin * Math.Sign(pair.Gap))), apart.Length),
            Correlation = Evaluation.Correlation.Pearson([.. scored.Select(pair => pair.Margin)], [.. scored.Select(pair => pair.Gap)]),
        };
    }
}
