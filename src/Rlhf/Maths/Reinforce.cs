using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// REINFORCE++ (Hu 2025, arXiv:2501.03262): the discounted sum of the token rewards still to come, without a critic;
/// whitened over the global batch by the trainer like any advantage. It is GAE with V = 0 and λ = 1.
/// </summary>
internal static class Reinforce
{
    public static Tensor RewardsToGo(Tensor rewards, Tensor mask, double gamma) =>
        GeneralizedAdvantage.Estimate(rewards, zeros_like(rewards), mask, gamma, 1).Advantages;
}
