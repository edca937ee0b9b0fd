using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rlhf.Policies.Families;
using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>
/// The nonlinearity of a feed-forward layer over some rows and panels: h = act(u); gated, h = act(gate)·value, a chunk of gates and one
/// of values by turns. For a pass that goes back, its slopes take the place of u: there they cost a few multiplications, later it all again.
/// </summary>
internal static unsafe class Activate
{
    /// <param name="kind">which function</param>
    /// <param name="isGated">whether u holds gates and values</param>
    /// <param name="learns">whether u becomes the slopes, ∂h/∂u</param>
    /// <param name="u">what the first product gave</param>
    /// <param name="h">of half as many chunks where gated</param>
    /// <param name="rows">to do</param>
    /// <param name="panel">to do, of u</param>
    public static void Forward(Activation kind, bool isGated, bool learns, Panels u, Panels h, Extent rows, int panel)
    {
        switch (kind)
        {
            case Activation.GeluTanh: Forward<GeluTanh>(isGated, learns, u, h, rows, panel); break;
            case Activation.Gelu: Forward<Gelu>(isGated, learns, u, h, rows, panel); break;
            case Activation.Silu: Forward<Silu>(isGated, learns, u, h, rows, panel); break;
            case Activation.Relu: Forward<Relu>(isGated, learns, u, h, rows, panel); break;
            default: throw new InvalidOperationException($"no such activation: {kind}");
        }
    }

    /// <summary>du = dh·slope, in place of the slopes.</summary>
    /// <param name="isGated">whether there are slopes of gates and values</param>
    /// <param name="dh">of these rows alone</param>
    /// <param name="slopes">which <see cref="Forward"/> left</param>
    /// <param name="rows">to do</param>
    /// <param name="panel">to do, of h</param>
    public static void Backward(bool isGated, Panels dh, Panels slopes, Extent rows, int panel)
    {
        if (Vector512.IsHardwareAccelerated) Backward<Lanes512>(isGated, dh, slopes, rows, panel);
        else if (Vector256.IsHardwareAccelerated) Backward<Lanes256>(isGated, dh, slopes, rows, panel);
        else Backward<Lanes128>(isGated, dh, slopes, rows, panel);
    }

    private static void Forward<TActivation>(bool isGated, bool learns, Panels u, Panels h, Extent rows, int panel)
        where TActivation : struct, IActivation
    {
        if (Vector512.IsHardwareAccelerated) Forward<TActivation, Lanes512>(isGated, learns, u, h, rows, panel);
        else if (Vector256.IsHardwareAccelerated) Forward<TActivation, Lanes256>(isGated, learns, u, h, rows, panel);
        else Forward<TActivation, Lanes128>(isGated, learns, u, h, rows, panel);
    }

    private static void Forward<TActivation, L>(bool isGated, bool learns, Panels u, Panels h, Extent rows, int panel)
        where TActivation : struct, IActivation
        where L : struct, ILanes<L>
    {
        var count = rows.Count * Panels.Chunk;
        float* first = u.At(rows.First, 2 * panel), second = u.At(rows.First, 2 * panel + 1);
        if (isGated)
        {
            Gated<TActivation, L>(learns, first, second, h.At(rows.First, panel), count);
            return;
        }

        Alone<TActivation, L>(learns, first, h.At(rows.First, 2 * panel), count);
        Alone<TActivation, L>(learns, second, h.At(rows.First, 2 * panel + 1), count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Alone<TActivation, L>(bool learns, float* u, float* h, int count)
        where TActivation : struct, IActivation
        where L : struct, ILanes<L>
    {
        for (var at = 0; !learns && at < count; at += L.Count) L.Store(h + at, TActivation.Value(L.Load(u + at)));
        for (var at = 0; learns && at < count; at += L.Count)
        {
            var (value, slope) = TActivation.Both(L.Load(u + at));
            L.Store(h + at, value);
            L.Store(u + at, slope);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gated<TActivation, L>(bool learns, float* gates, float* values, float* h, int count)
        where TActivation : struct, IActivation
        where L : struct, ILanes<L>
    {
        for (var at = 0; !learns && at < count; at += L.Count) L.Store(h + at, L.Multiply(TActivation.Value(L.Load(gates + at)), L.Load(values + at)));
        for (var at = 0; learns && at < count; at += L.Count)
        {
            var (value, slope) = TActivation.Both(L.Load(gates + at));
            var factor = L.Load(values + at);
            L.Store(h + at, L.Multiply(value, factor));
            L.Store(gates + at, L.Multiply(slope, factor));
            L.Store(values + at, value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward<L>(bool isGated, Panels dh, Panels slopes, Extent rows, int panel)
        where L : struct, ILanes<L>
    {
        var count = rows.Count * Panels.Chunk;
        for (var half = 0; half < 2; half++)
        {
            var from = dh.At(0, 2 * panel + half);
            if (!isGated)
            {
                Multiply<L>(from, slopes.At(rows.First, 2 * panel + half), count);
                continue;
            }

            // Of a chunk of h, a chunk of gates and one of values.
            Multiply<L>(from, slopes.At(rows.First, 4 * panel + 2 * half), count);
            Multiply<L>(from, slopes.At(rows.First, 4 * panel + 2 * half + 1), count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<L>(float* by, float* numbers, int count)
        where L : struct, ILanes<L>
    {
        for (var at = 0; at < count; at += L.Count) L.Store(numbers + at, L.Multiply(L.Load(numbers + at), L.Load(by + at)));
    }
}
