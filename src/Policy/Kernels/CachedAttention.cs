using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// Attention of new tokens over the keys and values of their row in a cache: [2·Hkv, columns of the cache, columns of a head with those
/// that fill it up] numbers, a token's column being its position, and each token is written before it looks. Of keys 16
/// tokens lie side by side, one column after the other; values follow one another. Sums have the order of <see cref="CausalAttention"/>, so a token that is drawn
/// has the bits of a pass over the whole.
/// </summary>
internal static unsafe class CachedAttention
{
    /// <summary>What the query heads that share keys and values see of them, up to their token's own.</summary>
    /// <param name="heads">how they lie</param>
    /// <param name="rows">queries, keys and values of the new tokens</param>
    /// <param name="mixed">[rows, H heads]</param>
    /// <param name="cache">of the row's layer</param>
    /// <param name="capacity">columns of the cache, see <see cref="Columns"/></param>
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
        float* key = Key(Keys(heads, cache, capacity, shared), heads.Depth, position), value = Values(heads, cache, capacity, shared) + (long)position * heads.Depth;
        for (var chunk = 0; chunk < heads.Chunks; chunk++, value += Panels.Chunk)
        {
            var from = rows.At(row, heads.Key(shared) + chunk);
            for (var column = 0; column < Panels.Chunk; column++, key += Panels.Chunk) *key = from[column];
            new Span<float>(rows.At(row, heads.Value(shared) + chunk), Panels.Chunk).CopyTo(new Span<float>(value, Panels.Chunk));
        }
    }

    /// <summary>Columns of a cache for so many tokens: whole squares of keys.</summary>
    public static int Columns(long tokens) => checked((int)((tokens + Panels.Chunk - 1) / Panels.Chunk * Panels.Chunk));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Look<L>(AttentionHeads heads, Panels rows, Panels mixed, float* cache, int capacity, int row, int position, int shared)
        where L : struct, ILanes<L>
    {
        float* keys = Keys(heads, cache, capacity, shared), values = Values(heads, cache, capacity, shared);
        var seen = new Extent(heads.FirstSeen(position), position + 1);
        var whole = new Extent(seen.First / Panels.Chunk * Panels.Chunk, Columns(seen.End));
        var scores = Scratch.Take(whole.Count + 3 * L.Count) - whole.First;
        for (var head = shared * heads.Group; head < (shared + 1) * heads.Group; head++)
        {
            for (var key = whole.First; key < whole.End; key += 4 * L.Count) Scores<L>(rows.At(row, heads.Query(head)), rows.ChunkStep, heads, keys, key, whole.End - L.Count, scores + key);
            new Span<float>(scores + whole.First, seen.First - whole.First).Fill(float.NegativeInfinity);
            new Span<float>(scores + seen.End, whole.End - seen.End).Fill(float.NegativeInfinity);
            Exponentials<L>(scores, whole, heads.Scale);
            Mix<L>(scores, seen, values, heads.Depth, mixed.At(row, heads.Query(head)), mixed.ChunkStep);
        }
    }

    /// <summary>q·k for four vectors of keys; those behind the last are the last once more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores<L>(float* query, long chunkStep, AttentionHeads heads, float* keys, int key, int last, float* scores)
        where L : struct, ILanes<L>
    {
        var depth = heads.Depth;
        float* from0 = Key(keys, depth, key), from1 = Key(keys, depth, Math.Min(last, key + L.Count));
        float* from2 = Key(keys, depth, Math.Min(last, key + 2 * L.Count)), from3 = Key(keys, depth, Math.Min(last, key + 3 * L.Count));
        L sum0 = L.Zero, sum1 = L.Zero, sum2 = L.Zero, sum3 = L.Zero;
        for (var chunk = 0; chunk < heads.Chunks; chunk++, query += chunkStep)
        {
            for (var column = 0; column < Panels.Chunk; column++)
            {
                var (q, at) = (L.All(query[column]), (chunk * Panels.Chunk + column) * Panels.Chunk);
                sum0 = L.Fma(q, L.Load(from0 + at), sum0);
                sum1 = L.Fma(q, L.Load(from1 + at), sum1);
                sum2 = L.Fma(q, L.Load(from2 + at), sum2);
                sum3 = L.Fma(q, L.Load(from3 + at), sum3);
            }
        }

        L.Store(scores, sum0);
        L.Store(scores + L.Count, sum1);
        L.Store(scores + 2 * L.Count, sum2);
        L.Store(scores + 3 * L.Count, sum3);
    }

    /// <summary>Scores become e^(score·scale − most of them).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Exponentials<L>(float* scores, Extent keys, float scale)
        where L : struct, ILanes<L>
    {
        var lanes = stackalloc float[Panels.Chunk];
        L most = L.All(float.NegativeInfinity), factor = L.All(scale);
        for (var key = keys.First; key < keys.End; key += L.Count)
        {
            var score = L.Multiply(L.Load(scores + key), factor);
            L.Store(scores + key, score);
            most = L.Larger(score, most);
        }

        L.Store(lanes, most);
        for (var lane = 1; lane < L.Count; lane++) lanes[0] = Math.Max(lanes[0], lanes[lane]);
        most = L.All(lanes[0]);
        for (var key = keys.First; key < keys.End; key += L.Count) L.Store(scores + key, Exponential.Of(L.Subtract(L.Load(scores + key), most)));
    }

    /// <summary>Σ over keys of p[key]·v[key], over Σ p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix<L>(float* p, Extent seen, float* values, int depth, float* to, long chunkStep)
        where L : struct, ILanes<L>
    {
        for (var column = 0; column < depth; column += 2 * L.Count)
        {
            L first = L.Zero, second = L.Zero, sum = L.Zero;
            var value = values + (long)seen.First * depth + column;
            for (var key = seen.First; key < seen.End; key++, value += depth)
            {
                var weight = L.All(p[key]);
                first = L.Fma(weight, L.Load(value), first);
                second = L.Fma(weight, L.Load(value + L.Count), second);
                sum = L.Add(sum, weight);
            }

            var share = L.Divide(L.All(1), sum);
            var at = to + column / Panels.Chunk * chunkStep + column % Panels.Chunk;
            L.Store(at, L.Multiply(first, share));
            L.Store(at + (L.Count == Panels.Chunk ? chunkStep : L.Count), L.Multiply(second, share));
        }
    }

    // In squares of 16 keys, in each one column after the other.
    private static float* Key(float* keys, int depth, int position) => keys + (long)(position / Panels.Chunk) * Panels.Chunk * depth + position % Panels.Chunk;

    private static float* Keys(AttentionHeads heads, float* cache, int capacity, int shared) => cache + (long)shared * capacity * heads.Depth;

    private static float* Values(AttentionHeads heads, float* cache, int capacity, int shared) => cache + (long)(heads.Shared + shared) * capacity * heads.Depth;
}
