namespace Rlhf.Maths;

/// <summary>
/// A soft price of length (DAPO, Yu et al. 2025, arXiv:2503.14476, equation 13): nothing up to L − w tokens, then rising
/// linearly over the window w to the whole amount at L, where a response is cut off. A score that drops at once from
/// all to nothing where a response is cut would punish sound reasoning for a few tokens too many.
/// </summary>
internal static class OverLongPenalty
{
    /// <param name="amount">at most this is taken off</param>
    /// <param name="window">w, in tokens; 0 for no penalty</param>
    /// <param name="limit">L, in tokens</param>
    public static double Of(int length, double amount, int window, int limit) =>
        window == 0 ? 0 : amount * Math.Clamp((double)(length - (limit - window)) / window, 0, 1);
}
