using Rlhf.Foundation.Torch;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// KL(π‖ρ) = Σ_v π(v)·(ln π(v) − ln ρ(v)) at every row, over the whole vocabulary, with gradients for the hidden states
/// and head of π. Logits exist for one chunk of rows at a time, forward and backward.
/// </summary>
internal static class ExactKl
{
    /// <summary>[N] float32.</summary>
    /// <param name="hidden">[N, D] of π.</param>
    /// <param name="head">[V, D] of π.</param>
    /// <param name="reference">[N, D'] of ρ, which does not learn.</param>
    /// <param name="referenceHead">[V, D'] of ρ.</param>
    public static Tensor Of(Tensor hidden, OutputHead head, Tensor reference, OutputHead referenceHead, double temperature) =>
        Of(hidden, head, reference, referenceHead, temperature, LogitChunks.Rows(head.Weight, heads: 2));

    internal static Tensor Of(Tensor hidden, OutputHead head, Tensor reference, OutputHead referenceHead, double temperature, long chunk)
    {
        using var scope = NewDisposeScope();
        if (head.Cap is not null || referenceHead.Cap is not null) return Capped(hidden, head, reference, referenceHead, temperature, chunk).MoveToOuterDisposeScope();
        return Of(hidden, head.Weight, reference, referenceHead.Weight, temperature, chunk).MoveToOuterDisposeScope();
    }

    private static Tensor Of(Tensor hidden, Tensor head, Tensor reference, Tensor referenceHead, double temperature, long chunk)
    {
        using var scope = NewDisposeScope();
        var none = zeros([hidden.shape[0]], ScalarType.Int64, hidden.device);
        var plan = LikelihoodPlan.For(hidden, head, none, temperature, chunk, LikelihoodResults.LogProbs);
        if (KernelLikelihood.Serves(hidden, head) && KernelLikelihood.Serves(reference, referenceHead))
            return KernelLikelihood.Divergence(hidden, head, reference, referenceHead, plan).MoveToOuterDisposeScope();
        var divergence = Divergence(hidden, head, reference, referenceHead, plan);
        return Autograd.Attach(divergence, [hidden, head], [hidden, head, reference, referenceHead, divergence.clone()], (saved, towards) => Gradients(saved, towards, plan)).MoveToOuterDisposeScope();
    }

    private static Tensor Capped(Tensor hidden, OutputHead head, Tensor reference, OutputHead referenceHead, double temperature, long chunk) =>
        CappedLikelihood.Of(hidden, head, [reference.detach()], 1 / temperature, chunk, (logP, others) =>
        {
            var matrix = referenceHead.Weight.detach();
            var logQ = Softmax.LogSoftmax(referenceHead.Capped(others[0].mm(matrix.t())), 1 / temperature);
            return [logP.exp().mul(logP.sub(logQ)).sum(1)];
        })[0];

    private static Tensor Divergence(Tensor hidden, Tensor head, Tensor reference, Tensor referenceHead, LikelihoodPlan plan)
    {
        using var quiet = no_grad();
        var divergence = empty([hidden.shape[0]], ScalarType.Float32, hidden.device);
        foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], plan.ChunkRows))
        {
            using var scope = NewDisposeScope();
            var logProbs = LogSoftmax(hidden.narrow(0, start, count), head, plan.Scale);
            var difference = LogSoftmax(reference.narrow(0, start, count), referenceHead, plan.Scale).neg_().Add(logProbs);
            divergence.narrow(0, start, count).copy_(logProbs.exp_().mul_(difference).sum(1));
        }

        return divergence;
    }

    // ∂KL/∂l = p·(ln p − ln q − KL) for the scaled logits l.
    private static Tensor?[] Gradients(IReadOnlyList<Tensor?> saved, Tensor towards, LikelihoodPlan plan)
    {
        var (hidden, head, reference, referenceHead, divergence) = (saved[0]!, saved[1]!, saved[2]!, saved[3]!, saved[4]!);
        var gradients = new HiddenAndHead(hidden, head, plan);
        foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], plan.ChunkRows))
        {
            using var scope = NewDisposeScope();
            var logProbs = LogSoftmax(hidden.narrow(0, start, count), head, plan.Scale);
            var inner = LogSoftmax(reference.narrow(0, start, count), referenceHead, plan.Scale).neg_().Add(logProbs).sub_(divergence.narrow(0, start, count).unsqueeze(1));
            var factor = towards.narrow(0, start, count).mul(Number.Of(plan.Scale)).unsqueeze(1);
            gradients.Add(logProbs.exp_().mul_(inner).mul_(factor), null, start, count);
        }

        return gradients.Both;
    }

    private static Tensor LogSoftmax(Tensor hidden, Tensor head, double scale) => Softmax.LogSoftmax(LogitChunks.Logits(hidden, head), scale);
}
