using Rlhf.Foundation.Torch;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>
/// ORPO (Hong et al. 2024, arXiv:2403.07691, equations 4 to 7): <c>−m⁺ − λ·ln σ(ln odds(y⁺) − ln odds(y⁻))</c> with
/// <c>odds = p/(1 − p)</c>, p = e^m and the mean log-prob m of a reply's tokens. Supervised learning on the chosen reply, and
/// a push against the other one, in one stage and without a reference.
/// </summary>
internal static class OrpoLoss
{
    /// <param name="chosen">m⁺, below 0</param>
    /// <param name="rejected">m⁻, below 0</param>
    /// <param name="weight">λ</param>
    public static Tensor Of(Tensor chosen, Tensor rejected, double weight) =>
        BradleyTerry.Losses(LogOdds(chosen, rejected), labelSmoothing: 0) * Number.Of(weight) - chosen;

    /// <summary>ln odds(y⁺) − ln odds(y⁻)</summary>
    public static Tensor LogOdds(Tensor chosen, Tensor rejected) => chosen - rejected - (LogOfRest(chosen) - LogOfRest(rejected));

    /// <summary>ln(1 − e^m), which keeps its digits where m is close to 0.</summary>
    private static Tensor LogOfRest(Tensor logProb) => logProb.expm1().neg().log();
}
