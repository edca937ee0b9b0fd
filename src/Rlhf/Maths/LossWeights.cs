using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>How the losses of tokens become one number.</summary>
public enum LossAveraging
{
    /// <summary>Every token of the minibatch counts the same.</summary>
    Token,

    /// <summary>The mean over each episode's tokens, then the mean over episodes: every episode counts the same.</summary>
    Sequence,
}

/// <summary>
/// The weight of each token in a minibatch's loss, so that the loss is <c>Σ w·l</c>. Weights are made for the whole
/// minibatch; any micro-batch then adds its own tokens' share, and how it was split cannot be told from the gradient.
/// </summary>
public static class LossWeights
{
    /// <returns>[B,T], 0 outside the mask, of sum 1</returns>
    public static Tensor Of(Tensor mask, LossAveraging averaging)
    {
        var ones = mask.to_type(ScalarType.Float32);
        return averaging == LossAveraging.Token
            ? ones / ones.sum()
            : ones / (ones.sum(1, keepdim: true).clamp(1) * mask.shape[0]);
    }
}
