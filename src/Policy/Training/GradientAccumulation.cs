using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Training;

/// <summary>
/// The gradient of a mean over tokens, from sums over micro-batches: Σᵢ ∇(sumᵢ)/N with N the tokens of the whole
/// batch. It does not depend on how the batch was split, or on how many processes share it.
/// </summary>
internal static class GradientAccumulation
{
    /// <summary>Adds the gradients of every part to the parameters and returns the mean loss (no gradient, on its device).</summary>
    /// <param name="parts">Those of this process; it may have none where there are others.</param>
    /// <param name="summedLoss">A part's loss, summed over its tokens.</param>
    /// <param name="count">N, over all parts and processes.</param>
    /// <param name="job">The processes whose optimizers add the gradients up.</param>
    public static Tensor Run<T>(IEnumerable<T> parts, Func<T, Tensor> summedLoss, double count, Collective job)
    {
        Tensor? total = null;
        foreach (var part in parts)
        {
            using var scope = NewDisposeScope();
            using var loss = summedLoss(part).mul(Number.Of(1 / count));
            Autograd.Backward(loss);
            var value = loss.detach();
            total = total is null ? value.MoveToOuterDisposeScope() : total.Add(value);
        }

        return job.Total(total) ?? throw new ArgumentException("a batch without parts has no loss", nameof(parts));
    }
}
