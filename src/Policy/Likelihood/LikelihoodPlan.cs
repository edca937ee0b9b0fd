using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

internal enum LikelihoodResults { LogProbs, LogProbsAndEntropies }

/// <summary>What the function of <see cref="TokenLogProbs"/> is told beside the tensors it differentiates.</summary>
internal sealed class LikelihoodPlan
{
    private LikelihoodPlan() { }

    /// <summary>[N] int64.</summary>
    public required Tensor Targets { get; init; }
    /// <summary>1/T.</summary>
    public required double Scale { get; init; }
    public required long ChunkRows { get; init; }
    public required LikelihoodResults Results { get; init; }
    public required bool HiddenLearns { get; init; }
    public required bool HeadLearns { get; init; }

    public bool Learns => HiddenLearns || HeadLearns;

    public bool HasEntropies => Results == LikelihoodResults.LogProbsAndEntropies;

    public static LikelihoodPlan For(Tensor hidden, Tensor head, Tensor targets, double temperature, long chunk, LikelihoodResults results)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        if (hidden.dim() != 2 || targets.dim() != 1 || hidden.shape[0] != targets.shape[0])
            throw new ArgumentException($"hidden states [N, D] and targets [N] are expected, found [{string.Join(", ", hidden.shape)}] and [{string.Join(", ", targets.shape)}]", nameof(hidden));
        var recorded = is_grad_enabled();
        return new LikelihoodPlan
        {
            Targets = targets, Scale = 1 / temperature, ChunkRows = chunk, Results = results,
            HiddenLearns = recorded && hidden.requires_grad, HeadLearns = recorded && head.requires_grad,
        };
    }
}
