using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// ln π(target) and the entropy of π = softmax(hidden·headᵀ/T), with gradients for hidden states and head. Logits exist
/// for one chunk of rows at a time, in the forward pass and in the backward one, which makes them anew; where one chunk
/// holds all rows they are kept between the two.
/// </summary>
internal static class TokenLogProbs
{
    /// <summary>Log-probs [N] in float32.</summary>
    /// <param name="hidden">[N, D], the rows that predict the targets.</param>
    /// <param name="head">[V, D].</param>
    /// <param name="targets">[N] int64.</param>
    public static Tensor Selected(Tensor hidden, OutputHead head, Tensor targets, double temperature) =>
        Selected(hidden, head, targets, temperature, LogitChunks.Rows(head.Weight));

    /// <summary>Log-probs and entropies, each [N] in float32.</summary>
    public static (Tensor LogProbs, Tensor Entropies) WithEntropy(Tensor hidden, OutputHead head, Tensor targets, double temperature) =>
        WithEntropy(hidden, head, targets, temperature, LogitChunks.Rows(head.Weight));

    internal static Tensor Selected(Tensor hidden, OutputHead head, Tensor targets, double temperature, long chunk) =>
        Of(hidden, head, LikelihoodPlan.For(hidden, head.Weight, targets, temperature, chunk, LikelihoodResults.LogProbs))[0];

    internal static (Tensor LogProbs, Tensor Entropies) WithEntropy(Tensor hidden, OutputHead head, Tensor targets, double temperature, long chunk)
    {
        var results = Of(hidden, head, LikelihoodPlan.For(hidden, head.Weight, targets, temperature, chunk, LikelihoodResults.LogProbsAndEntropies));
        return (results[0], results[1]);
    }

    private static Tensor[] Of(Tensor hidden, OutputHead head, LikelihoodPlan plan) => head.Cap is null
        ? TokenLikelihood.Of(hidden, head.Weight, plan)
        : CappedLikelihood.Of(hidden, head, [plan.Targets], plan.Scale, plan.ChunkRows, (logSoftmax, others) =>
            plan.HasEntropies ? [Softmax.Chosen(logSoftmax, others[0]), logSoftmax.exp().mul(logSoftmax).sum(1).neg()] : [Softmax.Chosen(logSoftmax, others[0])]);
}
