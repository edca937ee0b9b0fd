namespace Rlhf.Ppo;

/// <summary>What changes from step to step in how an update is made.</summary>
public sealed record UpdateSettings
{
    public required long Step { get; init; }

    public double PolicyLearningRate { get; init; }

    public double CriticLearningRate { get; init; }

    public double EntropyCoefficient { get; init; }

    /// <summary>β where the divergence is charged in the loss.</summary>
    public double KlCoefficient { get; init; }

    /// <summary>β of the penalty on KL(old‖new), where that is the objective.</summary>
    public double PenaltyCoefficient { get; init; }

    /// <summary>The critic learns and the policy stands still.</summary>
    public bool CriticOnly { get; init; }
}
