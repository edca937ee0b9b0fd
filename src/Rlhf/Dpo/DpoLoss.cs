using Rlhf.Foundation.Torch;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>
/// Losses on preference pairs, from <c>h = (ln π(y⁺) − ln ρ(y⁺)) − (ln π(y⁻) − ln ρ(y⁻))</c>, with log-probs summed
/// over a response, or their means (length-normalised DPO: Lambert et al. 2024, "Tülu 3", arXiv:2411.15124, section 5).
/// </summary>
internal static class DpoLoss
{
    /// <summary>
    /// <c>−(1−ε)·ln σ(βh) − ε·ln σ(−βh)</c>: direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290), for
    /// labels that are wrong with probability ε (Mitchell 2023, "conservative DPO").
    /// </summary>
    public static Tensor Sigmoid(Tensor margin, double beta, double labelSmoothing) =>
        BradleyTerry.Losses(margin * Number.Of(beta), labelSmoothing);

    /// <summary><c>(h − 1/(2β))²</c> (Azar et al. 2023, arXiv:2310.12036, equation 17): it stops where DPO pushes on for ever.</summary>
    public static Tensor Ipo(Tensor margin, double beta) => (margin - Number.Of(1 / (2 * beta))).square();
}
