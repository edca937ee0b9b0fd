using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// One importance ratio for a whole response, the geometric mean of its tokens' (GSPO, Zheng et al. 2025, arXiv:2507.18071,
/// equations 7 and 13): <c>s_t = sg[exp(Σ_u (ln π_u − ln π_old,u)/n)]·π_t/sg[π_t]</c>. Every token carries the response's
/// value and its own gradient, so that advantages may differ between tokens; where they do not, it is the paper's sequence loss.
/// </summary>
internal static class SequenceRatio
{
    /// <param name="logRatio">[N] ln π − ln π_old, with gradients</param>
    /// <param name="episodes">[N] int64, the episode of each token</param>
    /// <param name="lengths">[n] tokens of each episode</param>
    /// <returns>[N]</returns>
    public static Tensor PerToken(Tensor logRatio, Tensor episodes, Tensor lengths)
    {
        using var scope = NewDisposeScope();
        var now = logRatio.detach();
        var means = zeros_like(lengths).index_add(0, episodes, now, Number.Of(1)) / lengths;
        return means.index_select(0, episodes).Plus(logRatio - now).exp().MoveToOuterDisposeScope();
    }
}
