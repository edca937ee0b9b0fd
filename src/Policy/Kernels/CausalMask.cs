using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rlhf.Policies.Kernels;

/// <summary>What is added to the scores of one key with 16 queries that follow one another: 0 where a query sees it, −∞ where it does not.</summary>
internal static unsafe class CausalMask
{
    // −∞ sixteen times, 0 thirty-two times, −∞ sixteen times: a window of sixteen shows any edge.
    private static readonly float* s_edges = Edges();

    /// <summary>For the queries from the first on; a query sees the keys up to itself, of these the last so many (0: all).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float* Of(int key, int firstQuery, int window)
    {
        // The first so many lanes come before the key.
        var before = Math.Clamp(key - firstQuery, 0, Panels.Chunk);
        if (window == 0) return s_edges + Panels.Chunk - before;
        // From so many lanes on the window has left it behind; the two edges are never within sixteen queries, but for small windows.
        var end = Math.Clamp(key + window - firstQuery, 0, Panels.Chunk);
        return end == Panels.Chunk ? s_edges + Panels.Chunk - before : before == 0 ? s_edges + 3 * Panels.Chunk - end : Both(before, end);
    }

    private static float* Both(int before, int end) => s_edges + 4 * Panels.Chunk + (before * (Panels.Chunk + 1) + end) * Panels.Chunk;

    private static float* Edges()
    {
        const int Chunk = Panels.Chunk;
        var edges = (float*)NativeMemory.AlignedAlloc(sizeof(float) * (4 * Chunk + (Chunk + 1) * (Chunk + 1) * Chunk), 64);
        for (var i = 0; i < 4 * Chunk; i++) edges[i] = i is < Chunk or >= 3 * Chunk ? float.NegativeInfinity : 0;
        for (var before = 0; before <= Chunk; before++)
            for (var end = 0; end <= Chunk; end++)
                for (var lane = 0; lane < Chunk; lane++)
                    edges[4 * Chunk + (before * (Chunk + 1) + end) * Chunk + lane] = lane >= before && lane < end ? 0 : float.NegativeInfinity;
        return edges;
    }
}
