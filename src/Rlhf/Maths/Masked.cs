using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// Statistics over the elements a mask lets through. What lies outside the mask may hold anything, NaN included:
/// it is replaced before it is used, never multiplied by zero.
/// </summary>
internal static class Masked
{
    /// <summary>x where the mask is true, 0 elsewhere.</summary>
    public static Tensor Keep(Tensor x, Tensor mask) => x.masked_fill(mask.logical_not(), Number.Of(0));

    /// <summary>Σ m·x</summary>
    public static Tensor Sum(Tensor x, Tensor mask) => Keep(x, mask).sum();

    /// <summary>Σ_t m·x for each row: [B,T] to [B].</summary>
    public static Tensor RowSum(Tensor x, Tensor mask) => Keep(x, mask).sum(1);

    /// <summary>Σ m·x / Σ m</summary>
    public static Tensor Mean(Tensor x, Tensor mask) => Sum(x, mask) / Count(mask, x.dtype);

    /// <summary>Population variance: Σ m·(x − μ)² / Σ m</summary>
    public static Tensor Variance(Tensor x, Tensor mask) => Mean((x - Mean(x, mask)).square(), mask);

    /// <summary>The largest element inside the mask.</summary>
    public static Tensor Max(Tensor x, Tensor mask) => x.masked_fill(mask.logical_not(), Number.Of(double.NegativeInfinity)).max();

    private static Tensor Count(Tensor mask, ScalarType type) => mask.sum().to_type(type);
}
