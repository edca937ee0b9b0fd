using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rlhf.Policies.Kernels;

/// <summary>Squares of numbers turned about their diagonal, four by four in registers.</summary>
internal static unsafe class Transpose
{
    /// <summary>to[j, i] = from[i, j] for 16 × 16 numbers, rows so many numbers apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Chunk(float* from, long fromStep, float* to, long toStep)
    {
        for (var i = 0; i < Panels.Chunk; i += 4)
            for (var j = 0; j < Panels.Chunk; j += 4)
                Four(from + i * fromStep + j, fromStep, to + j * toStep + i, toStep);
    }

    /// <summary>The same for 4 × 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Four(float* from, long fromStep, float* to, long toStep)
    {
        Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + fromStep), c = Vector128.Load(from + 2 * fromStep), d = Vector128.Load(from + 3 * fromStep);
        Vector128<float> ac = Sse.UnpackLow(a, c), bd = Sse.UnpackLow(b, d), ca = Sse.UnpackHigh(a, c), db = Sse.UnpackHigh(b, d);
        Sse.UnpackLow(ac, bd).Store(to);
        Sse.UnpackHigh(ac, bd).Store(to + toStep);
        Sse.UnpackLow(ca, db).Store(to + 2 * toStep);
        Sse.UnpackHigh(ca, db).Store(to + 3 * toStep);
    }
}
