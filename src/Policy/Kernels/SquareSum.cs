using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>Σ x² in float64, in an order of its own.</summary>
internal static unsafe class SquareSum
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Of(float* x, long count)
    {
        Vector256<double> one = Vector256<double>.Zero, other = Vector256<double>.Zero;
        long at = 0;
        for (; at + Vector256<float>.Count <= count; at += Vector256<float>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Load(x + at));
            one += lower * lower;
            other += upper * upper;
        }

        var sum = Vector256.Sum(one + other);
        for (; at < count; at++) sum += (double)x[at] * x[at];
        return sum;
    }
}
