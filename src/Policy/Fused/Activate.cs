using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rlhf.Policies.Families;
using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>
/// The nonlinearity of a feed-forward layer: h = act(u); gated, h = act(gate)·value, a chunk of gates and one of values by turns. For a
/// pass that goes back its slopes, ∂h/∂u, are kept: there they cost a few multiplications, later it all again.
/// </summary>
/// <param name="kind">which function</param>
/// <param name="isGated">whether u holds gates and values</param>
/// <param name="slopes">[rows, columns of u]; no data: nobody will ask</param>
/// <param name="h">of half as many chunks where gated</param>
internal readonly unsafe struct Activate(Activation kind, bool isGated, Panels slopes, Panels h) : IPanelUse
{
    public void Do(Panels part, Extent rows, int panel)
    {
        switch (kind)
        {
            case Activation.GeluTanh: Do<GeluTanh>(part, rows, panel); break;
            case Activation.Gelu: Do<Gelu>(part, rows, panel); break;
            case Activation.Silu: Do<Silu>(part, rows, panel); break;
            case Activation.Relu: Do<Relu>(part, rows, panel); break;
            default: throw new InvalidOperationException($"no such activation: {kind}");
        }
    }

    private void Do<TActivation>(Panels u, Extent rows, int panel)
        where TActivation : struct, IActivation
    {
        if (Vector512.IsHardwareAccelerated) Do<TActivation, Lanes512>(u, rows, panel);
        else if (Vector256.IsHardwareAccelerated) Do<TActivation, Lanes256>(u, rows, panel);
        else Do<TActivation, Lanes128>(u, rows, panel);
    }

    private void Do<TActivation, L>(Panels u, Extent rows, int panel)
        where TActivation : struct, IActivation
        where L : struct, ILanes<L>
    {
        var count = rows.Count * Panels.Chunk;
        if (isGated)
        {
            Gated<TActivation, L>(u.At(rows.First, 2 * panel), u.At(rows.First, 2 * panel + 1), Slopes(rows, 2 * panel), Slopes(rows, 2 * panel + 1), h.At(rows.First, panel), count);
            return;
        }

        for (var chunk = 2 * panel; chunk < 2 * panel + 2; chunk++) Alone<TActivation, L>(u.At(rows.First, chunk), Slopes(rows, chunk), h.At(rows.First, chunk), count);
    }

    private float* Slopes(Extent rows, int chunk) => slopes.Data is null ? null : slopes.At(rows.First, chunk);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Alone<TActivation, L>(float* u, float* slopes, float* h, int count)
        where TActivation : struct, IActivation
        where L : struct, ILanes<L>
    {
        for (var at = 0; slopes is null && at < count; at += L.Count) L.Store(h + at, TActivation.Value(L.Load(u + at)));
        for (var at = 0; slopes is not null && at < count; at += L.Count)
        {
            var (value, slope) = TActivation.Both(L.Load(u + at));
            L.Store(h + at, value);
            L.Store(slopes + at, slope);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gated<TActivation, L>(float* gates, float* values, float* ofGates, float* ofValues, float* h, int count)
        where TActivation : struct, IActivation
        where L : struct, ILanes<L>
    {
        for (var at = 0; ofGates is null && at < count; at += L.Count) L.Store(h + at, L.Multiply(TActivation.Value(L.Load(gates + at)), L.Load(values + at)));
        for (var at = 0; ofGates is not null && at < count; at += L.Count)
        {
            var (value, slope) = TActivation.Both(L.Load(gates + at));
            var factor = L.Load(values + at);
            L.Store(h + at, L.Multiply(value, factor));
            L.Store(ofGates + at, L.Multiply(slope, factor));
            L.Store(ofValues + at, value);
        }
    }
}

/// <summary>du = dh·slope, in place of the slopes that <see cref="Activate"/> left.</summary>
/// <param name="isGated">whether there are slopes of gates and values</param>
/// <param name="slopes">[rows, columns of u]</param>
internal readonly unsafe struct ActivateBack(bool isGated, Panels slopes) : IPanelUse
{
    public void Do(Panels part, Extent rows, int panel)
    {
        if (Vector512.IsHardwareAccelerated) Do<Lanes512>(part, rows, panel);
        else if (Vector256.IsHardwareAccelerated) Do<Lanes256>(part, rows, panel);
        else Do<Lanes128>(part, rows, panel);
    }

    private void Do<L>(Panels dh, Extent rows, int panel)
        where L : struct, ILanes<L>
    {
        var count = rows.Count * Panels.Chunk;
        for (var chunk = 2 * panel; chunk < 2 * panel + 2; chunk++)
        {
            var from = dh.At(rows.First, chunk);
            Multiply<L>(from, slopes.At(rows.First, isGated ? 2 * chunk : chunk), count);
            if (isGated) Multiply<L>(from, slopes.At(rows.First, 2 * chunk + 1), count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<L>(float* by, float* numbers, int count)
        where L : struct, ILanes<L>
    {
        for (var at = 0; at < count; at += L.Count) L.Store(numbers + at, L.Multiply(L.Load(numbers + at), L.Load(by + at)));
    }
}
