using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// Attention of new tokens over the keys and values of their row in a cache, [2·Hkv, capacity, columns of a head with those that fill
/// it up]: a token's column there is its position, and each token is written before it looks.
/// </summary>
internal static unsafe class CachedAttention
{
    /// <summary>What the query heads that share keys and values see of them, up to their token's own.</summary>
    /// <param name="heads">how they lie</param>
    /// <param name="rows">queries, keys and values of the new tokens</param>
    /// <param name="mixed">[rows, H heads]</param>
    /// <param name="cache">of the row's layer</param>
    /// <param name="capacity">columns of the cache</param>
    /// <param name="row">of the new token</param>
    /// <param name="position">its column</param>
    /// <param name="shared">the head of keys and values</param>
    public static void Look(AttentionHeads heads, Panels rows, Panels mixed, float* cache, int capacity, int row, int position, int shared)
    {
        if (Vector512.IsHardwareAccelerated) Look<Lanes512>(heads, rows, mixed, cache, capacity, row, position, shared);
        else if (Vector256.IsHardwareAccelerated) Look<Lanes256>(heads, rows, mixed, cache, capacity, row, position, shared);
        else Look<Lanes128>(heads, rows, mixed, cache, capacity, row, position, shared);
    }

    /// <summary>Writes a token's keys and values of one head to its column.</summary>
    public static void Append(AttentionHeads heads, Panels rows, float* cache, int capacity, int row, int position, int shared)
    {
        for (var chunk = 0; chunk < heads.Chunks; chunk++)
        {
            var column = (long)position * heads.Depth + chunk * Panels.Chunk;
            new Span<float>(rows.At(row, heads.Key(shared) + chunk), Panels.Chunk).CopyTo(new Span<float>(cache + (long)shared * capacity * heads.Depth + column, Panels.Chunk));
            new Span<float>(rows.At(row, heads.Value(shared) + chunk), Panels.Chunk).CopyTo(new Span<float>(cache + (long)(heads.Shared + shared) * capacity * heads.Depth + column, Panels.Chunk));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Look<L>(AttentionHeads heads, Panels rows, Panels mixed, float* cache, int capacity, int row, int position, int shared)
        where L : struct, ILanes<L>
    {
        var lanes = stackalloc float[Panels.Chunk];
        var (depth, first) = (heads.Depth, heads.FirstSeen(position));
        var count = position + 1 - first;
        var scores = Scratch.Take(count + depth + Panels.Chunk) + depth;
        var query = scores - depth;
        for (var head = shared * heads.Group; head < (shared + 1) * heads.Group; head++)
        {
            for (var chunk = 0; chunk < heads.Chunks; chunk++)
                new Span<float>(rows.At(row, heads.Query(head) + chunk), Panels.Chunk).CopyTo(new Span<float>(query + chunk * Panels.Chunk, Panels.Chunk));
            float* keys = cache + ((long)shared * capacity + first) * depth, values = keys + (long)heads.Shared * capacity * depth;
            var most = float.NegativeInfinity;
            for (var key = 0; key < count; key++)
            {
                for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
                {
                    var sum = L.Zero;
                    for (var at = lane; at < depth; at += Panels.Chunk) sum = L.Fma(L.Load(query + at), L.Load(keys + (long)key * depth + at), sum);
                    L.Store(lanes + lane, sum);
                }

                scores[key] = LaneSum.Of(lanes) * heads.Scale;
                most = Math.Max(most, scores[key]);
            }

            var share = L.All(1 / Exponentials<L>(scores, count, most, lanes));
            for (var column = 0; column < depth; column += L.Count)
            {
                var sum = L.Zero;
                for (var key = 0; key < count; key++) sum = L.Fma(L.All(scores[key]), L.Load(values + (long)key * depth + column), sum);
                L.Store(mixed.At(row, heads.Query(head) + column / Panels.Chunk) + column % Panels.Chunk, L.Multiply(sum, share));
            }
        }
    }

    /// <summary>Numbers become e^(x − most); their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Exponentials<L>(float* x, int count, float most, float* lanes)
        where L : struct, ILanes<L>
    {
        for (var at = count; at % Panels.Chunk != 0; at++) x[at] = float.NegativeInfinity;
        var shift = L.All(most);
        for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
        {
            var sum = L.Zero;
            for (var at = lane; at < count; at += Panels.Chunk)
            {
                var p = Exponential.Of(L.Subtract(L.Load(x + at), shift));
                L.Store(x + at, p);
                sum = L.Add(sum, p);
            }

            L.Store(lanes + lane, sum);
        }

        return LaneSum.Of(lanes);
    }
}
