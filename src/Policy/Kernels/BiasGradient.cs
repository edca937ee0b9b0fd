using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>db += Σ over rows of dy.</summary>
internal static unsafe class BiasGradient
{
    /// <param name="outputs">dy [rows, outputs]</param>
    /// <param name="rows">how many</param>
    /// <param name="map">where the chunks stand in b</param>
    /// <param name="to">db</param>
    /// <param name="chunks">to do</param>
    public static void Run(Panels outputs, int rows, ChunkMap map, float* to, Extent chunks)
    {
        if (Vector512.IsHardwareAccelerated) Run<Lanes512>(outputs, rows, map, to, chunks);
        else if (Vector256.IsHardwareAccelerated) Run<Lanes256>(outputs, rows, map, to, chunks);
        else Run<Lanes128>(outputs, rows, map, to, chunks);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run<L>(Panels outputs, int rows, ChunkMap map, float* to, Extent chunks)
        where L : struct, ILanes<L>
    {
        var sums = stackalloc float[Panels.Chunk];
        for (var chunk = chunks.First; chunk < chunks.End; chunk++)
        {
            for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
            {
                // Two sums take turns: one addition does not wait for the one before.
                L even = L.Zero, odd = L.Zero;
                var from = outputs.At(0, chunk) + lane;
                var row = 0;
                for (; row + 1 < rows; row += 2, from += 2 * Panels.Chunk)
                {
                    even = L.Add(even, L.Load(from));
                    odd = L.Add(odd, L.Load(from + Panels.Chunk));
                }

                if (row < rows) even = L.Add(even, L.Load(from));
                L.Store(sums + lane, L.Add(even, odd));
            }

            var (first, count) = map[chunk];
            for (var i = 0; i < count; i++) to[first + i] += sums[i];
        }
    }
}
