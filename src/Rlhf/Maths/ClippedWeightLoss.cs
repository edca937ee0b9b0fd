using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// CISPO (MiniMax 2025, arXiv:2506.13585, equations 4 and 5) as a loss per token: <c>−sg[clip(r, 1−ε_low, 1+ε_high)]·A·ln π</c>.
/// The weight is clipped and carries no gradient; every token keeps its own, however far it has moved.
/// </summary>
internal static class ClippedWeightLoss
{
    /// <param name="low">ε_low; 1 for no lower bound, as in the paper</param>
    public static Tensor PerToken(Tensor logProbs, Tensor ratio, Tensor advantages, double low, double high) =>
        -advantages * ratio.detach().clamp(Number.Of(1 - low), Number.Of(1 + high)) * logProbs;

    /// <summary>True where the weight was clipped.</summary>
    public static Tensor Clipped(Tensor ratio, double low, double high) =>
        ratio.lt(Number.Of(1 - low)).logical_or(ratio.gt(Number.Of(1 + high)));
}
