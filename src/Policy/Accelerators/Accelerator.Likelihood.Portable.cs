using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    public static (Tensor LogProbs, Tensor LogSums) LogProb(Tensor logits, Tensor targets, double scale) => ComposedLikelihood.LogProb(logits, targets, scale);

    public static void LogProbGradient(Tensor logits, Tensor targets, Tensor logSums, Tensor towards, double scale) =>
        ComposedLikelihood.LogProbGradient(logits, targets, logSums, towards, scale);

    public static (Tensor Entropies, Tensor Divergences) Divergence(Tensor logits, Tensor logSums, Tensor others, Tensor otherLogSums, double scale) =>
        ComposedLikelihood.Divergence(logits, logSums, others, otherLogSums, scale);

    public static (Tensor Tokens, Tensor LogProbs) Sample(Tensor logits, Tensor uniforms, double scale) => ComposedLikelihood.Sample(logits, uniforms, scale);
}
