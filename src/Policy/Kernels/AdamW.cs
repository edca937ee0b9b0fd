using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>One step of AdamW (Loshchilov and Hutter 2019) over some numbers.</summary>
/// <param name="GradientScale">gradients are multiplied by this first</param>
/// <param name="Beta1">of the first moment</param>
/// <param name="Beta2">of the second</param>
/// <param name="Kept">1 − lr·decay: what the step leaves of a weight</param>
/// <param name="Length">lr/(1 − β₁ᵗ)</param>
/// <param name="Root">1/√(1 − β₂ᵗ)</param>
/// <param name="Epsilon">added to the root of the second moment</param>
internal readonly record struct AdamW(float GradientScale, float Beta1, float Beta2, float Kept, float Length, float Root, float Epsilon)
{
    /// <summary>m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← kept·w − length·m/(root·√v + ε).</summary>
    public unsafe void Step(float* weights, float* first, float* second, float* gradients, long count)
    {
        if (Vector512.IsHardwareAccelerated) Step<Lanes512>(weights, first, second, gradients, count);
        else if (Vector256.IsHardwareAccelerated) Step<Lanes256>(weights, first, second, gradients, count);
        else Step<Lanes128>(weights, first, second, gradients, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal unsafe void Step<L>(float* weights, float* first, float* second, float* gradients, long count)
        where L : struct, ILanes<L>
    {
        long at = 0;
        for (; at + L.Count <= count; at += L.Count) One<L>(weights + at, first + at, second + at, gradients + at);
        if (at == count) return;
        var rest = stackalloc float[4 * Panels.Chunk];
        new Span<float>(rest, 4 * Panels.Chunk).Clear();
        var left = (int)(count - at);
        new Span<float>(weights + at, left).CopyTo(new Span<float>(rest, left));
        new Span<float>(first + at, left).CopyTo(new Span<float>(rest + Panels.Chunk, left));
        new Span<float>(second + at, left).CopyTo(new Span<float>(rest + 2 * Panels.Chunk, left));
        new Span<float>(gradients + at, left).CopyTo(new Span<float>(rest + 3 * Panels.Chunk, left));
        One<L>(rest, rest + Panels.Chunk, rest + 2 * Panels.Chunk, rest + 3 * Panels.Chunk);
        new Span<float>(rest, left).CopyTo(new Span<float>(weights + at, left));
        new Span<float>(rest + Panels.Chunk, left).CopyTo(new Span<float>(first + at, left));
        new Span<float>(rest + 2 * Panels.Chunk, left).CopyTo(new Span<float>(second + at, left));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe void One<L>(float* weights, float* first, float* second, float* gradients)
        where L : struct, ILanes<L>
    {
        var g = L.Multiply(L.Load(gradients), L.All(GradientScale));
        var m = L.Fma(L.Subtract(g, L.Load(first)), L.All(1 - Beta1), L.Load(first));
        var v = L.Fma(L.Multiply(g, g), L.All(1 - Beta2), L.Multiply(L.Load(second), L.All(Beta2)));
        var step = L.Divide(L.Multiply(m, L.All(-Length)), L.Fma(L.Root(v), L.All(Root), L.All(Epsilon)));
        L.Store(first, m);
        L.Store(second, v);
        L.Store(weights, L.Fma(L.Load(weights), L.All(Kept), step));
    }
}
