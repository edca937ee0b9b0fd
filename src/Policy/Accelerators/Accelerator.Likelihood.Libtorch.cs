using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    /// <summary>ln softmax(logits·scale) at the targets and ln Σ exp(logits·scale), both [N], of logits [N, V] float32; no gradient.</summary>
    public static (Tensor LogProbs, Tensor LogSums) LogProb(Tensor logits, Tensor targets, double scale) => TransformerKernels.Take(logits)
        ? TransformerKernels.LogProb(logits, targets, scale)
        : ComposedLikelihood.LogProb(logits, targets, scale);

    /// <summary>Overwrites logits with their gradient for Σ towards·log-prob.</summary>
    public static void LogProbGradient(Tensor logits, Tensor targets, Tensor logSums, Tensor towards, double scale)
    {
        if (TransformerKernels.Take(logits)) TransformerKernels.LogProbBackward(logits, targets, logSums, towards, scale);
        else ComposedLikelihood.LogProbGradient(logits, targets, logSums, towards, scale);
    }

    /// <summary>
    /// −Σ p·ln p and Σ p·(ln p − ln q) of each row, p and q being the softmax of logits·scale and others·scale [N, V], given
    /// ln Σ exp of both; no gradient. Either logits may be overwritten.
    /// </summary>
    public static (Tensor Entropies, Tensor Divergences) Divergence(Tensor logits, Tensor logSums, Tensor others, Tensor otherLogSums, double scale) =>
        TransformerKernels.Take(logits)
            ? TransformerKernels.Divergence(logits, logSums, others, otherLogSums, scale)
            : ComposedLikelihood.Divergence(logits, logSums, others, otherLogSums, scale);

    /// <summary>Draws a token of softmax(logits·scale) for each row by a number in [0, 1): tokens [N] int64 and their log-probs [N].</summary>
    public static (Tensor Tokens, Tensor LogProbs) Sample(Tensor logits, Tensor uniforms, double scale) => TransformerKernels.Take(logits)
        ? TransformerKernels.Sample(logits, uniforms, scale)
        : ComposedLikelihood.Sample(logits, uniforms, scale);
}
