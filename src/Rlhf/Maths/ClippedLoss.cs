using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// PPO's clipped surrogate as a loss per token (Schulman et al. 2017, arXiv:1707.06347, equation 7):
/// <c>max(−A·ρ, −A·clip(ρ, 1−ε_low, 1+ε_high))</c> with <c>ρ = π/π_old</c>.
/// </summary>
internal static class ClippedLoss
{
    public static Tensor PerToken(Tensor ratio, Tensor advantages, double low, double high) =>
        maximum(-advantages * ratio, -advantages * ratio.clamp(Number.Of(1 - low), Number.Of(1 + high)));

    /// <summary>
    /// Dual clip (Ye et al. 2020, arXiv:1912.09729): where A is negative the loss stops growing at <c>−A·c</c>,
    /// c above 1, so that one token with an exploded ratio cannot outweigh the batch.
    /// </summary>
    public static Tensor DualClip(Tensor loss, Tensor advantages, double limit) =>
        where(advantages < Number.Of(0), minimum(loss, -advantages * Number.Of(limit)), loss);

    /// <summary>True where the clip decided the loss.</summary>
    public static Tensor Clipped(Tensor ratio, Tensor advantages, double low, double high) =>
        -advantages * ratio.clamp(Number.Of(1 - low), Number.Of(1 + high)) > -advantages * ratio;
}
