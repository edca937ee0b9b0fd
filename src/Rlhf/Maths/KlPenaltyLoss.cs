using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// PPO with an adaptive penalty instead of a clip (Schulman et al. 2017, equation 8), as a loss per token:
/// <c>−ρ·A + β·KL(π_old‖π)</c>. The tokens were drawn from π_old, so the KL is estimated without bias and without
/// sign changes by <c>ρ − 1 − ln ρ</c>.
/// </summary>
internal static class KlPenaltyLoss
{
    public static Tensor PerToken(Tensor logRatio, Tensor advantages, double coefficient) =>
        ((logRatio.expm1() - logRatio) * Number.Of(coefficient)).Plus(-advantages * logRatio.exp());
}

/// <summary>
/// β of <see cref="KlPenaltyLoss"/>: doubled after an update that moved further than 1.5 × its target, halved after
/// one that moved less than target / 1.5 (the paper's section 4).
/// </summary>
internal sealed class PenaltyCoefficient(double initial, double target)
{
    private const double Tolerance = 1.5;

    public double Value { get; set; } = initial;

    public void Observe(double tokenKl)
    {
        if (tokenKl > target * Tolerance) Value *= 2;
        else if (tokenKl < target / Tolerance) Value /= 2;
    }
}
