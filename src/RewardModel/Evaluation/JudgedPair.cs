using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Evaluation;

/// <summary>A pair and what a reward model said to it.</summary>
internal sealed record JudgedPair
{
    public required PreferencePair Pair { get; init; }

    /// <summary>The reward of the chosen reply, as PPO would see it.</summary>
    public required double Chosen { get; init; }

    /// <summary>The reward of the rejected reply.</summary>
    public required double Rejected { get; init; }

    /// <summary>
    /// r⁺ − r⁻ of each member in the units it was trained in, where σ of it is the probability that the chosen reply is the
    /// better one; one number for a single model.
    /// </summary>
    public required IReadOnlyList<double> Logits { get; init; }

    public required int ChosenTokens { get; init; }

    public required int RejectedTokens { get; init; }

    /// <summary>The mean of the members' logits.</summary>
    public double Logit => Logits.Average();

    public double Margin => Chosen - Rejected;

    /// <summary>1 where the model prefers what people preferred, ½ where it cannot tell, 0 otherwise.</summary>
    public double Correct => Correctness(Margin);

    internal static double Correctness(double difference) => difference > 0 ? 1 : difference == 0 ? 0.5 : 0;
}
