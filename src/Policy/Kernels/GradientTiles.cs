using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// The innermost part of a weight's gradient, gᵀ·x: a few outputs by two vectors of inputs, held in registers while rows go by. An
/// element is one chain in the order of the rows.
/// </summary>
internal static unsafe class GradientTiles
{
    /// <summary>Rows of outputs that are asked for before their turn: they come from far, the inputs do not.</summary>
    private const int Ahead = 8;

    /// <summary>Outputs of a tile: as many as there are registers for, and a divisor of a chunk.</summary>
    public static int Height<L>()
        where L : struct, ILanes<L> => L.Count == Panels.Chunk ? 8 : 4;

    /// <summary>to[o, i] += Σ over rows of outputs[row, o]·inputs[row, i].</summary>
    /// <param name="outputs">row 0 of the first of the outputs, in a chunk</param>
    /// <param name="inputs">row 0 of the first vector of inputs, <paramref name="second"/> to the other</param>
    /// <param name="to">of the first output; <paramref name="toStep"/> to the next, <paramref name="toSecond"/> to the other vector</param>
    public static void Run<L>(float* outputs, float* inputs, long second, int rows, float* to, long toStep, long toSecond)
        where L : struct, ILanes<L>
    {
        if (L.Count == Panels.Chunk) Rows8<L>(outputs, inputs, second, rows, to, toStep, toSecond);
        else Rows4<L>(outputs, inputs, second, rows, to, toStep, toSecond);
    }

    /// <summary>8 rows of the gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows8<L>(float* outputs, float* inputs, long second, int rows, float* to, long toStep, long toSecond)
        where L : struct, ILanes<L>
    {
        L u0 = L.Load(to), v0 = L.Load(to + toSecond);
        L u1 = L.Load(to + toStep), v1 = L.Load(to + toStep + toSecond);
        L u2 = L.Load(to + 2 * toStep), v2 = L.Load(to + 2 * toStep + toSecond);
        L u3 = L.Load(to + 3 * toStep), v3 = L.Load(to + 3 * toStep + toSecond);
        L u4 = L.Load(to + 4 * toStep), v4 = L.Load(to + 4 * toStep + toSecond);
        L u5 = L.Load(to + 5 * toStep), v5 = L.Load(to + 5 * toStep + toSecond);
        L u6 = L.Load(to + 6 * toStep), v6 = L.Load(to + 6 * toStep + toSecond);
        L u7 = L.Load(to + 7 * toStep), v7 = L.Load(to + 7 * toStep + toSecond);
        for (var row = 0; row < rows; row++, outputs += Panels.Chunk, inputs += Panels.Chunk)
        {
            Fetch(outputs + Ahead * Panels.Chunk);
            L first = L.Load(inputs), other = L.Load(inputs + second);
            var g0 = L.All(outputs[0]);
            u0 = L.Fma(g0, first, u0);
            v0 = L.Fma(g0, other, v0);
            var g1 = L.All(outputs[1]);
            u1 = L.Fma(g1, first, u1);
            v1 = L.Fma(g1, other, v1);
            var g2 = L.All(outputs[2]);
            u2 = L.Fma(g2, first, u2);
            v2 = L.Fma(g2, other, v2);
            var g3 = L.All(outputs[3]);
            u3 = L.Fma(g3, first, u3);
            v3 = L.Fma(g3, other, v3);
            var g4 = L.All(outputs[4]);
            u4 = L.Fma(g4, first, u4);
            v4 = L.Fma(g4, other, v4);
            var g5 = L.All(outputs[5]);
            u5 = L.Fma(g5, first, u5);
            v5 = L.Fma(g5, other, v5);
            var g6 = L.All(outputs[6]);
            u6 = L.Fma(g6, first, u6);
            v6 = L.Fma(g6, other, v6);
            var g7 = L.All(outputs[7]);
            u7 = L.Fma(g7, first, u7);
            v7 = L.Fma(g7, other, v7);
        }

        L.Store(to, u0);
        L.Store(to + toSecond, v0);
        L.Store(to + toStep, u1);
        L.Store(to + toStep + toSecond, v1);
        L.Store(to + 2 * toStep, u2);
        L.Store(to + 2 * toStep + toSecond, v2);
        L.Store(to + 3 * toStep, u3);
        L.Store(to + 3 * toStep + toSecond, v3);
        L.Store(to + 4 * toStep, u4);
        L.Store(to + 4 * toStep + toSecond, v4);
        L.Store(to + 5 * toStep, u5);
        L.Store(to + 5 * toStep + toSecond, v5);
        L.Store(to + 6 * toStep, u6);
        L.Store(to + 6 * toStep + toSecond, v6);
        L.Store(to + 7 * toStep, u7);
        L.Store(to + 7 * toStep + toSecond, v7);
    }

    /// <summary>4 rows of the gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4<L>(float* outputs, float* inputs, long second, int rows, float* to, long toStep, long toSecond)
        where L : struct, ILanes<L>
    {
        L u0 = L.Load(to), v0 = L.Load(to + toSecond);
        L u1 = L.Load(to + toStep), v1 = L.Load(to + toStep + toSecond);
        L u2 = L.Load(to + 2 * toStep), v2 = L.Load(to + 2 * toStep + toSecond);
        L u3 = L.Load(to + 3 * toStep), v3 = L.Load(to + 3 * toStep + toSecond);
        for (var row = 0; row < rows; row++, outputs += Panels.Chunk, inputs += Panels.Chunk)
        {
            Fetch(outputs + Ahead * Panels.Chunk);
            L first = L.Load(inputs), other = L.Load(inputs + second);
            var g0 = L.All(outputs[0]);
            u0 = L.Fma(g0, first, u0);
            v0 = L.Fma(g0, other, v0);
            var g1 = L.All(outputs[1]);
            u1 = L.Fma(g1, first, u1);
            v1 = L.Fma(g1, other, v1);
            var g2 = L.All(outputs[2]);
            u2 = L.Fma(g2, first, u2);
            v2 = L.Fma(g2, other, v2);
            var g3 = L.All(outputs[3]);
            u3 = L.Fma(g3, first, u3);
            v3 = L.Fma(g3, other, v3);
        }

        L.Store(to, u0);
        L.Store(to + toSecond, v0);
        L.Store(to + toStep, u1);
        L.Store(to + toStep + toSecond, v1);
        L.Store(to + 2 * toStep, u2);
        L.Store(to + 2 * toStep + toSecond, v2);
        L.Store(to + 3 * toStep, u3);
        L.Store(to + 3 * toStep + toSecond, v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(float* soon)
    {
        if (Sse.IsSupported) Sse.Prefetch0(soon);
    }
}
