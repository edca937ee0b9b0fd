using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>Plain policy gradient (Williams 1992) as a loss per token: <c>−A·ln π</c>. On-policy, so for one epoch.</summary>
internal static class PolicyGradientLoss
{
    public static Tensor PerToken(Tensor logProbs, Tensor advantages) => -advantages * logProbs;
}
