namespace Rlhf.Maths;

/// <summary>What an episode pays that was cut off before it ended.</summary>
public enum MissingEosRule
{
    /// <summary>Nothing: its score stands.</summary>
    None,

    /// <summary>A constant is taken off its score (TRL).</summary>
    Subtract,

    /// <summary>A constant takes the place of its score (Ziegler et al. 2019; Stiennon et al. 2020).</summary>
    Replace,
}

/// <summary>Applied after normalisation: a penalty that is normalised away again punishes nothing.</summary>
internal static class MissingEos
{
    public static double[] Apply(
        MissingEosRule rule, double amount, IReadOnlyList<double> scores, IReadOnlyList<bool> ended) =>
        [.. scores.Select((score, i) => ended[i] ? score : rule switch
        {
            MissingEosRule.Subtract => score - amount,
            MissingEosRule.Replace => amount,
            _ => score,
        })];
}
