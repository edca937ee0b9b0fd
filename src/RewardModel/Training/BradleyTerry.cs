using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Training;

/// <summary>
/// The loss of preferences (Bradley and Terry 1952): with d = r⁺ − r⁻ − m,
/// <c>−(1−ε)·ln σ(d) − ε·ln σ(−d) + c·(r⁺ + r⁻)²</c> for each pair. Margins as in Llama 2 (Touvron et al. 2023),
/// centring as in Eisenstein et al. 2023.
/// </summary>
internal static class BradleyTerry
{
    /// <summary>The loss of each pair.</summary>
    /// <param name="chosen">r⁺, [N, K].</param>
    /// <param name="rejected">r⁻, [N, K].</param>
    /// <param name="margins">m, [N, 1]; null for none.</param>
    public static Tensor Losses(Tensor chosen, Tensor rejected, Tensor? margins, BradleyTerryOptions options)
    {
        using var scope = NewDisposeScope();
        var difference = chosen.sub(rejected);
        if (margins is not null) difference = difference.sub(margins.mul(Number.Of(options.MarginWeight)));
        var losses = Losses(difference, options.LabelSmoothing);
        if (options.Centering > 0) losses = losses.Plus(chosen.Plus(rejected).square().mul(Number.Of(options.Centering)));
        return losses.MoveToOuterDisposeScope();
    }

    /// <summary><c>−(1−ε)·ln σ(d) − ε·ln σ(−d)</c> of each difference d, for labels that are wrong with probability ε.</summary>
    public static Tensor Losses(Tensor difference, double labelSmoothing)
    {
        var losses = nn.functional.softplus(difference.neg());                              // −ln σ(d), smooth at 0
        // −ln σ(−d) = d − ln σ(d), so the smoothed loss is −ln σ(d) + ε·d.
        return labelSmoothing > 0 ? losses.Plus(difference.mul(Number.Of(labelSmoothing))) : losses;
    }
}
