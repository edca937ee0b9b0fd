using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>What is done about tokens that were drawn with another probability than the trainer gives them.</summary>
public enum SamplerCorrectionKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Weighted by the ratio, up to a limit.</summary>
    Truncate,

    /// <summary>Weighted by the ratio, and left out where it is beyond the limit in either direction.</summary>
    Mask,
}

/// <summary>
/// The sampler draws from μ, the trainer believes in π_old. They are one model, and yet kernels, number types and a
/// policy that moved on in the meantime make them differ. With <c>w = π_old/μ</c> of a token, its policy loss is weighted by
/// <c>min(w, C)</c> (truncated importance sampling: Ionides 2008; Yao et al. 2025, "Your efficient RL framework secretly brings
/// you off-policy RL training") or by <c>w</c> where it lies in [1/C, C] and 0 elsewhere (masked, as in IcePop: Ant Ling team 2025).
/// </summary>
internal static class SamplerCorrection
{
    /// <param name="logProbs">ln π_old</param>
    /// <param name="drawn">ln μ</param>
    public static Tensor Weights(SamplerCorrectionKind kind, Tensor logProbs, Tensor drawn, double limit)
    {
        var weights = (logProbs - drawn).exp();
        return kind switch
        {
            SamplerCorrectionKind.Truncate => weights.clamp_max(Number.Of(limit)),
            SamplerCorrectionKind.Mask => weights * weights.ge(Number.Of(1 / limit)).logical_and(weights.le(Number.Of(limit))).to_type(weights.dtype),
            _ => ones_like(weights),
        };
    }

    /// <summary>mean(w − 1 − ln w): an estimate of KL(μ‖π_old) per token, never negative; 0 where the two agree.</summary>
    public static Tensor MismatchKl(Tensor logProbs, Tensor drawn, Tensor mask)
    {
        var logRatio = Masked.Keep(logProbs - drawn, mask);
        return Masked.Mean(logRatio.expm1() - logRatio, mask);
    }

    /// <summary>(Σw)²/(N·Σw²) (Kong 1992): the share of the N tokens that would be worth as much if they had been drawn from π_old.</summary>
    public static Tensor EffectiveSampleSize(Tensor logProbs, Tensor drawn, Tensor mask)
    {
        var weights = Masked.Keep((logProbs - drawn).exp(), mask);
        return weights.sum().square() / (weights.square().sum() * mask.sum());
    }
}
