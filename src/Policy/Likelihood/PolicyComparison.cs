using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// A policy beside its reference at the same rows: all that a rollout records of the two, from one pass over their
/// logits, without gradients. Each tensor is [N] float32 and the caller's to dispose.
/// </summary>
internal sealed class PolicyComparison : IDisposable
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
    public static PolicyComparison Of(Tensor hidden, OutputHead head, Tensor reference, OutputHead referenceHead, Tensor targets, double temperature)
    {
        using var quiet = no_grad();
        var found = new PolicyComparison(hidden);
        var (matrix, referenceMatrix) = (head.Weight, referenceHead.Weight);
        if (head.Cap is null && referenceHead.Cap is null && KernelLikelihood.Serves(hidden, matrix) && KernelLikelihood.Serves(reference, referenceMatrix))
        {
            KernelLikelihood.Compare(hidden, matrix, reference, referenceMatrix, targets, temperature, found);
            return found;
        }

        foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], LogitChunks.Rows(matrix, heads: 2)))
        {
            using var scope = NewDisposeScope();
            var (chosen, scale) = (targets.narrow(0, start, count), 1 / temperature);
            var logP = Softmax.LogSoftmax(head.Capped(LogitChunks.Logits(hidden.narrow(0, start, count), matrix)), scale);
            var logQ = Softmax.LogSoftmax(referenceHead.Capped(LogitChunks.Logits(reference.narrow(0, start, count), referenceMatrix)), scale);
            found.LogProbs.narrow(0, start, count).copy_(Softmax.Chosen(logP, chosen));
            found.ReferenceLogProbs.narrow(0, start, count).copy_(Softmax.Chosen(logQ, chosen));
            var (entropies, divergences) = Softmax.Divergence(logP, logQ);
            found.Entropies.narrow(0, start, count).copy_(entropies);
            found.Kl.narrow(0, start, count).copy_(divergences);
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
