namespace Rlhf.Maths;

/// <summary>How the losses of tokens become one number.</summary>
public enum LossAveraging
{
    /// <summary>Every token of the minibatch counts the same.</summary>
    Token,

    /// <summary>The mean over each episode's tokens, then the mean over episodes: every episode counts the same.</summary>
    Sequence,

    /// <summary>The sum over each episode's tokens by a constant, the most tokens it could have, then the mean over episodes (Dr. GRPO).</summary>
    Constant,
}

/// <summary>
/// The weight of each token in a minibatch's loss, so that the loss is <c>Σ w·l</c>. Weights are made for the whole
/// minibatch; any micro-batch then adds its own tokens' share, and how it was split cannot be told from the gradient.
/// </summary>
internal static class LossWeights
{
    /// <param name="lengths">tokens of each episode of the minibatch</param>
    /// <param name="averaging">token: 1/Σn; sequence: 1/(n·B); constant: 1/(L·B)</param>
    /// <param name="longest">L, read by constant alone</param>
    /// <returns>for each episode, the weight that every one of its tokens carries; over all tokens they sum to 1, or with a constant to less</returns>
    public static double[] PerToken(IReadOnlyList<int> lengths, LossAveraging averaging, int longest)
    {
        double total = lengths.Sum();
        return [.. lengths.Select(length => averaging switch
        {
            LossAveraging.Token => 1 / total,
            LossAveraging.Sequence => 1.0 / length / lengths.Count,
            _ => 1.0 / longest / lengths.Count,
        })];
    }
}
