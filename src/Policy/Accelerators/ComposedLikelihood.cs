using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

/// <summary>Softmax over logits [N, V] float32, by plain tensor operators: what runs on any device and with any build.</summary>
internal static class ComposedLikelihood
{
    public static (Tensor LogProbs, Tensor LogSums) LogProb(Tensor logits, Tensor targets, double scale)
    {
        using var scope = NewDisposeScope();
        var scaled = scale == 1 ? logits : logits.mul(Number.Of(scale));
        var sums = scaled.logsumexp(1);
        return (scaled.gather(1, targets.unsqueeze(1)).squeeze(1).sub(sums).MoveToOuterDisposeScope(), sums.MoveToOuterDisposeScope());
    }

    public static void LogProbGradient(Tensor logits, Tensor targets, Tensor logSums, Tensor towards, double scale)
    {
        using var scope = NewDisposeScope();
        if (scale != 1) logits.mul_(Number.Of(scale));
        var factor = towards.mul(Number.Of(scale)).unsqueeze(1);
        logits.sub_(logSums.unsqueeze(1)).exp_().mul_(factor.neg()).scatter_add_(1, targets.unsqueeze(1), factor);
    }

    public static (Tensor Entropies, Tensor Divergences) Divergence(Tensor logits, Tensor logSums, Tensor others, Tensor otherLogSums, double scale)
    {
        using var scope = NewDisposeScope();
        if (scale != 1)
        {
            logits.mul_(Number.Of(scale));
            others.mul_(Number.Of(scale));
        }

        var logProbs = logits.sub_(logSums.unsqueeze(1));
        var apart = others.sub_(otherLogSums.unsqueeze(1)).neg_().Add(logProbs);
        var probabilities = logProbs.exp();
        var entropies = logProbs.mul_(probabilities).sum(1).neg_();
        return (entropies.MoveToOuterDisposeScope(), apart.mul_(probabilities).sum(1).MoveToOuterDisposeScope());
    }

    /// <summary>
    /// The token where the cumulative probability passes the uniform number, summed in float64; the last one where logits are
    /// no numbers and nothing passes it, and then its log-prob is none either.
    /// </summary>
    public static (Tensor Tokens, Tensor LogProbs) Sample(Tensor logits, Tensor uniforms, double scale)
    {
        using var scope = NewDisposeScope();
        var shifted = logits.sub(logits.amax([1], true));
        if (scale != 1) shifted.mul_(Number.Of(scale));
        var cumulative = shifted.exp().cumsum(1, ScalarType.Float64);
        var total = cumulative.narrow(1, cumulative.shape[1] - 1, 1);
        var tokens = searchsorted(cumulative, uniforms.to(ScalarType.Float64).unsqueeze(1).mul(total), false, true).clamp_max(Number.Of(logits.shape[1] - 1));
        var logProbs = shifted.gather(1, tokens).sub(total.log().to(ScalarType.Float32));
        return (tokens.squeeze(1).MoveToOuterDisposeScope(), logProbs.squeeze(1).MoveToOuterDisposeScope());
    }
}
