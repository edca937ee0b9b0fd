namespace Rlhf.Rewards.Evaluation;

/// <summary>How much the members of an ensemble say the same.</summary>
public sealed record EnsembleReport
{
    public required int Members { get; init; }

    /// <summary>Each member's accuracy on its own.</summary>
    public required IReadOnlyList<double> Accuracies { get; init; }

    /// <summary>How often two members prefer the same reply, over all pairs of members.</summary>
    public required double Agreement { get; init; }

    /// <summary>Mean standard deviation of the members' logits.</summary>
    public required double Deviation { get; init; }

    /// <summary>Null for a single model.</summary>
    internal static EnsembleReport? Of(IReadOnlyList<JudgedPair> pairs)
    {
        var members = pairs[0].Logits.Count;
        if (members < 2) return null;
        return new EnsembleReport
        {
            Members = members,
            Accuracies = [.. Enumerable.Range(0, members).Select(member => pairs.Average(pair => JudgedPair.Correctness(pair.Logits[member])))],
            Agreement = pairs.Average(pair => ShareAgreeing(pair.Logits)),
            Deviation = pairs.Average(pair => Math.Sqrt(pair.Logits.Average(logit => Math.Pow(logit - pair.Logit, 2)))),
        };
    }

    private static double ShareAgreeing(IReadOnlyList<double> logits)
    {
        double positive = logits.Count(logit => logit > 0), other = logits.Count - positive, count = logits.Count;
        return (positive * (positive - 1) + other * (other - 1)) / (count * (count - 1));
    }
}
