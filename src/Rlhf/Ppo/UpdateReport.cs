namespace Rlhf.Ppo;

/// <summary>What one update did.</summary>
public sealed record UpdateReport
{
    public required UpdateStatistics Statistics { get; init; }

    /// <summary>KL(π_old‖π) per token as the last minibatch found it: how far the update had moved before its last step.</summary>
    public required double LastKl { get; init; }

    public required double PolicyGradientNorm { get; init; }

    public required double CriticGradientNorm { get; init; }

    /// <summary>Minibatches left out because their mean ratio exploded.</summary>
    public required int Skipped { get; init; }

    /// <summary>Epochs begun; fewer than asked for when the update had gone far enough.</summary>
    public required int Epochs { get; init; }

    /// <summary>Tokens that went forward and backward.</summary>
    public required long Tokens { get; init; }
}
