using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// A policy beside its reference at the same rows: all that a rollout records of the two, from one pass over their
/// logits, without gradients. Each tensor is [N] float32 and the caller's to dispose.
/// </summary>
public sealed class PolicyComparison : IDisposable
{
    private PolicyComparison(Tensor hidden)
    {
        Tensor Numbers() => empty([hidden.shape[0]], ScalarType.Float32, hidden.device).DetachFromDisposeScope();
        (LogProbs, ReferenceLogProbs, Entropies, Kl) = (Numbers(), Numbers(), Numbers(), Numbers());
    }

    /// <summary>ln π(target).</summary>
    public Tensor LogProbs { get; }

    /// <summary>ln ρ(target).</summary>
    public Tensor ReferenceLogProbs { get; }

    /// <summary>−Σ π·ln π.</summary>
    public Tensor Entropies { get; }

    /// <summary>Σ π·(ln π − ln ρ).</summary>
    public Tensor Kl { get; }

    /// <param name="hidden">[N, D] of π, the rows that predict the targets; <paramref name="head"/> is [V, D].</param>
    /// <param name="reference">[N, D'] of ρ, with its own head [V, D'].</param>
    /// <param name="targets">[N] int64.</param>
    public static PolicyComparison Of(Tensor hidden, Tensor head, Tensor reference, Tensor referenceHead, Tensor targets, double temperature)
    {
        using var quiet = no_grad();
        var found = new PolicyComparison(hidden);
        foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], LogitChunks.Rows(2 * head.shape[0])))
        {
            using var scope = NewDisposeScope();
            var logProbs = ExactKl.LogSoftmax(hidden.narrow(0, start, count), head, 1 / temperature);
            var references = ExactKl.LogSoftmax(reference.narrow(0, start, count), referenceHead, 1 / temperature);
            var chosen = targets.narrow(0, start, count).unsqueeze(1);
            found.LogProbs.narrow(0, start, count).copy_(logProbs.gather(1, chosen).squeeze(1));
            found.ReferenceLogProbs.narrow(0, start, count).copy_(references.gather(1, chosen).squeeze(1));
            var probabilities = logProbs.exp();
            var negative = probabilities.mul(logProbs).sum(1);
            found.Entropies.narrow(0, start, count).copy_(negative.neg());
            found.Kl.narrow(0, start, count).copy_(probabilities.mul_(logProbs.sub_(references)).sum(1));
        }

        return found;
    }

    public void Dispose()
    {
        LogProbs.Dispose();
        ReferenceLogProbs.Dispose();
        Entropies.Dispose();
        Kl.Dispose();
    }
}
