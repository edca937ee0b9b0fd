using static TorchSharp.torch;

namespace Rlhf.Rewards.Training;

/// <summary>The loss of labelled texts: cross-entropy of label y and σ(r), <c>ln(1 + e^r) − y·r</c> for each text.</summary>
internal static class LogisticLoss
{
    /// <param name="scores">r, [N, K].</param>
    /// <param name="labels">y in 0 to 1, [N, 1].</param>
    public static Tensor Losses(Tensor scores, Tensor labels)
    {
        using var scope = NewDisposeScope();
        return nn.functional.softplus(scores).sub(labels.mul(scores)).MoveToOuterDisposeScope();
    }
}
