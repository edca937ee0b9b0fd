using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rlhf.Policies.Families;
using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>The nonlinearity of a feed-forward layer over some rows and panels: h = act(u); gated, h = act(gate)·value, a chunk of gates and one of values by turns.</summary>
internal static unsafe class Activate
{
    /// <param name="kind">which function</param>
    /// <param name="isGated">whether u holds gates and values</param>
    /// <param name="u">what the first product gave</param>
    /// <param name="h">of half as many chunks where gated</param>
    /// <param name="rows">to do</param>
    /// <param name="panels">to do, of u</param>
    public static void Forward(Activation kind, bool isGated, Panels u, Panels h, Extent rows, Extent panels) => Run(kind, new ForwardWork(isGated, u, h, rows, panels));

    /// <summary>du from dh, in place of u.</summary>
    public static void Backward(Activation kind, bool isGated, Panels dh, Panels u, Extent rows, Extent panels) => Run(kind, new BackwardWork(isGated, dh, u, rows, panels));

    private static void Run<TWork>(Activation kind, TWork work)
        where TWork : struct, IWork
    {
        switch (kind)
        {
            case Activation.GeluTanh: Run<TWork, GeluTanh>(work); break;
            case Activation.Gelu: Run<TWork, Gelu>(work); break;
            case Activation.Silu: Run<TWork, Silu>(work); break;
            case Activation.Relu: Run<TWork, Relu>(work); break;
            default: throw new InvalidOperationException($"no such activation: {kind}");
        }
    }

    private static void Run<TWork, TActivation>(TWork work)
        where TWork : struct, IWork
        where TActivation : struct, IActivation
    {
        if (Vector512.IsHardwareAccelerated) work.Do<TActivation, Lanes512>();
        else if (Vector256.IsHardwareAccelerated) work.Do<TActivation, Lanes256>();
        else work.Do<TActivation, Lanes128>();
    }

    internal interface IWork
    {
        void Do<TActivation, L>()
            where TActivation : struct, IActivation
            where L : struct, ILanes<L>;
    }

    internal readonly struct ForwardWork(bool isGated, Panels u, Panels h, Extent rows, Extent panels) : IWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Do<TActivation, L>()
            where TActivation : struct, IActivation
            where L : struct, ILanes<L>
        {
            var count = rows.Count * Panels.Chunk;
            for (var panel = panels.First; panel < panels.End; panel++)
            {
                float* first = u.At(rows.First, 2 * panel), second = u.At(rows.First, 2 * panel + 1);
                if (isGated)
                {
                    var to = h.At(rows.First, panel);
                    for (var at = 0; at < count; at += L.Count) L.Store(to + at, L.Multiply(TActivation.Value(L.Load(first + at)), L.Load(second + at)));
                    continue;
                }

                float* one = h.At(rows.First, 2 * panel), other = h.At(rows.First, 2 * panel + 1);
                for (var at = 0; at < count; at += L.Count) L.Store(one + at, TActivation.Value(L.Load(first + at)));
                for (var at = 0; at < count; at += L.Count) L.Store(other + at, TActivation.Value(L.Load(second + at)));
            }
        }
    }

    internal readonly struct BackwardWork(bool isGated, Panels dh, Panels u, Extent rows, Extent panels) : IWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Do<TActivation, L>()
            where TActivation : struct, IActivation
            where L : struct, ILanes<L>
        {
            var count = rows.Count * Panels.Chunk;
            for (var panel = panels.First; panel < panels.End; panel++)
            {
                float* first = u.At(rows.First, 2 * panel), second = u.At(rows.First, 2 * panel + 1);
                if (isGated)
                {
                    var from = dh.At(rows.First, panel);
                    for (var at = 0; at < count; at += L.Count)
                    {
                        var (value, slope) = TActivation.Both(L.Load(first + at));
                        var d = L.Load(from + at);
                        L.Store(first + at, L.Multiply(L.Multiply(d, L.Load(second + at)), slope));
                        L.Store(second + at, L.Multiply(d, value));
                    }

                    continue;
                }

                float* one = dh.At(rows.First, 2 * panel), other = dh.At(rows.First, 2 * panel + 1);
                for (var at = 0; at < count; at += L.Count) L.Store(first + at, L.Multiply(L.Load(one + at), TActivation.Both(L.Load(first + at)).Slope));
                for (var at = 0; at < count; at += L.Count) L.Store(second + at, L.Multiply(L.Load(other + at), TActivation.Both(L.Load(second + at)).Slope));
            }
        }
    }
}
