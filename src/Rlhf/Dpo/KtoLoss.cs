using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>
/// KTO (Ethayarajh et al. 2024, arXiv:2402.01306, equation 8): replies that are desirable or not, one by one. With
/// <c>h = ln π(y) − ln ρ(y)</c> and a reference point z, what a reply is worth is <c>σ(β(h − z))</c> where it is desirable and
/// <c>σ(β(z − h))</c> where not; the loss is a weight times what is missing of 1.
/// </summary>
internal static class KtoLoss
{
    /// <param name="drifts">h, [n]</param>
    /// <param name="reference">z, one number</param>
    /// <param name="desirable">[n] bool</param>
    public static Tensor Of(Tensor drifts, Tensor reference, Tensor desirable, double beta, double desirableWeight, double undesirableWeight)
    {
        var gap = (drifts - reference) * Number.Of(beta);
        return where(desirable, gap.neg().sigmoid() * Number.Of(desirableWeight), gap.sigmoid() * Number.Of(undesirableWeight));
    }

    /// <summary>
    /// z = max(0, mean h) over replies that belong to other prompts: an estimate of KL(π‖ρ), without a gradient. It is biased and
    /// cheap, as in the paper's section 4.1.
    /// </summary>
    /// <param name="mean">of h over a batch</param>
    public static Tensor Reference(Tensor mean) => mean.detach().clamp_min(Number.Of(0));
}
