using Rlhf.Foundation.Torch;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>
/// SimPO (Meng et al. 2024, arXiv:2405.14734, equation 6): <c>−ln σ(β·(m⁺ − m⁻) − γ)</c>, with the mean log-prob m of a reply's
/// tokens for a reward, which is what generation ranks by, and a margin γ that the chosen reply has to win by.
/// </summary>
internal static class SimpoLoss
{
    /// <param name="difference">m⁺ − m⁻</param>
    public static Tensor Of(Tensor difference, double beta, double margin) =>
        BradleyTerry.Losses(difference * Number.Of(beta) - Number.Of(margin), labelSmoothing: 0);
}
