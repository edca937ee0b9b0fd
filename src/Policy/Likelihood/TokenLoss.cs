using Rlhf.Foundation.Torch;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// −Σ wᵢ·ln π(targetᵢ) as one number. Its gradient is known up to a factor before the backward pass begins, so each
/// chunk of logits is made once and turned into gradients at once: a product less than <see cref="TokenLogProbs"/>
/// needs where the logits do not fit one chunk.
/// </summary>
internal static class TokenLoss
{
    /// <param name="hidden">[N, D], the rows that predict the targets.</param>
    /// <param name="head">[V, D].</param>
    /// <param name="targets">[N] int64.</param>
    /// <param name="weights">[N] float32.</param>
    public static Tensor WeightedNll(Tensor hidden, OutputHead head, Tensor targets, Tensor weights) =>
        WeightedNll(hidden, head, targets, weights, LogitChunks.Rows(head.Weight));

    internal static Tensor WeightedNll(Tensor hidden, OutputHead head, Tensor targets, Tensor weights, long chunk)
    {
        using var scope = NewDisposeScope();
        if (head.Cap is not null) return TokenLogProbs.Selected(hidden, head, targets, 1, chunk).mul(weights).sum().neg().MoveToOuterDisposeScope();
        var matrix = head.Weight;
        var plan = LikelihoodPlan.For(hidden, matrix, targets, 1, chunk, LikelihoodResults.LogProbs);
        var (loss, gradients) = KernelLikelihood.Serves(hidden, matrix) ? KernelLikelihood.Loss(hidden, matrix, weights, plan) : Both(hidden, matrix, weights, plan);
        return Autograd.Attach(loss, [hidden, matrix], gradients, (saved, towards) => [saved[0]?.mul(towards), saved[1]?.mul(towards)]).MoveToOuterDisposeScope();
    }

    private static (Tensor Loss, Tensor?[] Gradients) Both(Tensor hidden, Tensor head, Tensor weights, LikelihoodPlan plan)
    {
        using var quiet = no_grad();
        var loss = zeros([], ScalarType.Float32, hidden.device);
        var gradients = new HiddenAndHead(hidden, head, plan);
        foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], plan.ChunkRows))
        {
            using var chunk = NewDisposeScope();
            var (targets, weight) = (plan.Targets.narrow(0, start, count), weights.narrow(0, start, count));
            var logits = LogitChunks.Logits(hidden.narrow(0, start, count), head);
            var chosen = Softmax.LogProb(logits, targets, 1);
            loss.sub_(chosen.dot(weight));
            if (plan.Learns) gradients.Add(Softmax.OffTarget(logits, targets, chosen, 1), weight, start, count);
        }

        return (loss, gradients.Both);
    }
}
