using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// Advantages that compare the episodes of one prompt with each other instead of with a critic.
/// Scores come as [B], episodes of a prompt side by side; one number per episode goes out.
/// </summary>
internal static class GroupAdvantages
{
    private const double Epsilon = 1e-4;

    /// <summary>
    /// GRPO (Shao et al. 2024, arXiv:2402.03300): <c>(s − mean) / (std + 1e-4)</c> within the group, with the sample
    /// deviation, as its users' implementations have it.
    /// </summary>
    public static Tensor Relative(Tensor scores, int groupSize)
    {
        var groups = scores.reshape(-1, groupSize);
        var centred = groups - groups.mean([1], true);
        var deviation = (centred.square().sum(1, keepdim: true) / Number.Of(groupSize - 1)).sqrt();
        return (centred / deviation.Plus(Epsilon)).reshape(-1);
    }

    /// <summary>
    /// Dr. GRPO (Liu et al. 2025, arXiv:2503.20783): <c>s − mean</c>. Without the division a group of nearly equal scores counts
    /// no more than it shows. The mean holds the score itself, which makes it (k−1)/k times <see cref="LeaveOneOut"/>.
    /// </summary>
    public static Tensor Centred(Tensor scores, int groupSize)
    {
        var groups = scores.reshape(-1, groupSize);
        return (groups - groups.mean([1], true)).reshape(-1);
    }

    /// <summary>
    /// RLOO (Kool et al. 2019; Ahmadian et al. 2024, arXiv:2402.14740): the score less the mean of the others',
    /// <c>s_i − Σ_{j≠i} s_j / (k − 1)</c>.
    /// </summary>
    public static Tensor LeaveOneOut(Tensor scores, int groupSize)
    {
        var groups = scores.reshape(-1, groupSize);
        var others = (groups.sum(1, keepdim: true) - groups) / Number.Of(groupSize - 1);
        return (groups - others).reshape(-1);
    }

    /// <summary>Whether the scores of each group are all the same: such a group says nothing about which answer is better.</summary>
    public static bool[] Flat(IReadOnlyList<double> scores, int groupSize) =>
        [.. scores.Chunk(groupSize).Select(group => group.Max() == group.Min())];

    /// <summary>One number per episode onto each of its tokens: [B] and [B,T] to [B,T], 0 outside the mask.</summary>
    public static Tensor OntoTokens(Tensor perEpisode, Tensor mask) =>
        Masked.Keep(perEpisode.unsqueeze(1).expand(mask.shape), mask);
}
