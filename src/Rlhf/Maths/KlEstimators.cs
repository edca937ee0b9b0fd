using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// Estimates of <c>KL(π‖ρ)</c> at tokens that were drawn from π
/// (Schulman 2020, "Approximating KL divergence"). With the exact sum over the vocabulary they are compared in
/// <see cref="Policies.Likelihood"/>, where the logits are.
/// </summary>
public static class KlEstimators
{
    /// <summary>k1 = ln π − ln ρ: unbiased, of either sign.</summary>
    public static Tensor K1(Tensor logProbs, Tensor reference) => logProbs - reference;

    /// <summary>k2 = ½(ln π − ln ρ)²: biased, never negative, the gradient of the true KL in expectation.</summary>
    public static Tensor K2(Tensor logProbs, Tensor reference) => (logProbs - reference).square() * Number.Of(0.5);

    /// <summary>k3 = ρ/π − 1 − ln(ρ/π): unbiased and never negative.</summary>
    public static Tensor K3(Tensor logProbs, Tensor reference)
    {
        var logRatio = reference - logProbs;
        return logRatio.expm1() - logRatio;
    }

    /// <summary>Σ_v π(v)·(ln π(v) − ln ρ(v)) over the last axis of two tables of logits.</summary>
    public static Tensor Exact(Tensor logits, Tensor referenceLogits)
    {
        var log = logits.log_softmax(-1);
        return (log.exp() * (log - referenceLogits.log_softmax(-1))).sum(-1);
    }

    /// <summary>The estimator a recipe names.</summary>
    public static Tensor Estimate(KlEstimator kind, Tensor logProbs, Tensor reference) => kind switch
    {
        KlEstimator.K1 => K1(logProbs, reference),
        KlEstimator.K2 => K2(logProbs, reference),
        _ => K3(logProbs, reference),
    };
}
