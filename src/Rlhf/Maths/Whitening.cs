using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// Masked whitening with the population variance, over everything it is given:
/// <c>(x − μ) / √(σ² + 1e-8)</c>, 0 outside the mask
/// (Ziegler et al. 2019, "Fine-tuning language models from human preferences", the authors' code).
/// </summary>
internal static class Whitening
{
    private const double Epsilon = 1e-8;

    /// <summary>Mean 0, variance 1: for advantages.</summary>
    public static Tensor CentreAndScale(Tensor x, Tensor mask) =>
        Masked.Keep((x - Masked.Mean(x, mask)) * InverseDeviation(x, mask), mask);

    /// <summary>Variance 1, the mean left where it was: for rewards, whose sign must keep its meaning.</summary>
    public static Tensor Scale(Tensor x, Tensor mask)
    {
        var mean = Masked.Mean(x, mask);
        return Masked.Keep(((x - mean) * InverseDeviation(x, mask)).Plus(mean), mask);
    }

    private static Tensor InverseDeviation(Tensor x, Tensor mask) => Masked.Variance(x, mask).Plus(Epsilon).rsqrt();
}
