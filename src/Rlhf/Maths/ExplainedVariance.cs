using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// How much of the returns the critic foresaw: <c>1 − Var(R − V) / Var(R)</c>. 1 is perfect, 0 is no better than a
/// constant, below 0 is worse than one.
/// </summary>
internal static class ExplainedVariance
{
    private const double Epsilon = 1e-8;

    public static Tensor Of(Tensor values, Tensor returns, Tensor mask) =>
        (Masked.Variance(returns - values, mask) / Masked.Variance(returns, mask).Plus(Epsilon)).neg().Plus(1);
}
