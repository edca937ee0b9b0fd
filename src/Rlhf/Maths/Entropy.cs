using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>The entropy of a categorical distribution over the last axis: <c>logsumexp(l) − Σ softmax(l)·l</c>.</summary>
public static class Entropy
{
    public static Tensor OfLogits(Tensor logits) =>
        logits.logsumexp(-1) - (logits.softmax(-1) * logits).sum(-1);

    /// <summary>The coefficient of the entropy bonus at a step, falling linearly from start to end over the run.</summary>
    public static double Coefficient(double start, double end, long step, long steps) =>
        start + (end - start) * Math.Min(1.0, steps <= 1 ? 1.0 : (double)step / (steps - 1));
}
