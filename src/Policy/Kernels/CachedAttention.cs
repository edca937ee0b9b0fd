using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// Attention of new tokens over the keys and values of their row in a cache: [2·Hkv, columns of the cache, columns of a head with those
/// that fill it up] numbers, a token's column being its position, and each token is written before it looks. Keys lie as the weights of a product do, 32
/// tokens side by side; values one after the other. Sums have the order of <see cref="CausalAttention"/>, so a token that is drawn
/// has the bits of a pass over the whole.
/// </summary>
internal static unsafe class CachedAttention
{
    /// <summary>What the query heads that share keys and values see of them, up to their token's own.</summary>
    /// <param name="heads">how they lie</param>
    /// <param name="rows">queries, keys and values of the new tokens</param>
    /// <param name="mixed">[rows, H heads]</param>
    /// <param name="cache">of the row's layer</param>
    /// <param name="capacity">columns of the cache, in whole panels</param>
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
        var depth = heads.Depth;
        float* keys = Keys(heads, cache, capacity, shared) + (long)(position / PackedMatrix.Width) * PackedMatrix.Width * depth + position % PackedMatrix.Width;
        float* values = Values(heads, cache, capacity, shared) + (long)position * depth;
        for (var chunk = 0; chunk < heads.Chunks; chunk++, values += Panels.Chunk)
        {
            var key = rows.At(row, heads.Key(shared) + chunk);
            for (var column = 0; column < Panels.Chunk; column++, keys += PackedMatrix.Width) *keys = key[column];
            new Span<float>(rows.At(row, heads.Value(shared) + chunk), Panels.Chunk).CopyTo(new Span<float>(values, Panels.Chunk));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Look<L>(AttentionHeads heads, Panels rows, Panels mixed, float* cache, int capacity, int row, int position, int shared)
        where L : struct, ILanes<L>
    {
        float* keys = Keys(heads, cache, capacity, shared), values = Values(heads, cache, capacity, shared);
        var seen = new Extent(heads.FirstSeen(position), position + 1);
        var panels = new Extent(seen.First / PackedMatrix.Width * PackedMatrix.Width, HeadRows.Padded(seen.End));
        var scores = Scratch.Take(panels.Count) - panels.First;
        for (var head = shared * heads.Group; head < (shared + 1) * heads.Group; head++)
        {
            Scores<L>(heads, rows.At(row, heads.Query(head)), rows.ChunkStep, keys, panels, scores);
            new Span<float>(scores + panels.First, seen.First - panels.First).Fill(float.NegativeInfinity);
            new Span<float>(scores + seen.End, panels.End - seen.End).Fill(float.NegativeInfinity);
            Exponentials<L>(scores, panels, heads.Scale);
            Mix<L>(scores, seen, values, heads.Depth, mixed.At(row, heads.Query(head)), mixed.ChunkStep);
        }
    }

    /// <summary>scores[key] = q·k for whole panels of keys.</summary>
    private static void Scores<L>(AttentionHeads heads, float* query, long chunkStep, float* keys, Extent panels, float* scores)
        where L : struct, ILanes<L>
    {
        var zeros = stackalloc float[2 * Panels.Chunk];
        new Span<float>(zeros, 2 * Panels.Chunk).Clear();
        var factors = new ProductTiles.Factors(chunkStep, heads.Chunks, PackedMatrix.Width, L.Count);
        for (var panel = panels.First; panel < panels.End; panel += PackedMatrix.Width)
            for (var column = 0; column < PackedMatrix.Width; column += 2 * L.Count)
                ProductTiles.Run<L>(1, factors, query, keys + (long)panel * heads.Depth + column, zeros, new ProductTiles.Output(scores + panel + column, L.Count, null, goesOn: false));
    }

    /// <summary>Scores become e^(score·scale − most of them).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Exponentials<L>(float* scores, Extent panels, float scale)
        where L : struct, ILanes<L>
    {
        var lanes = stackalloc float[Panels.Chunk];
        L most = L.All(float.NegativeInfinity), factor = L.All(scale);
        for (var key = panels.First; key < panels.End; key += L.Count)
        {
            var score = L.Multiply(L.Load(scores + key), factor);
            L.Store(scores + key, score);
            most = L.Larger(score, most);
        }

        L.Store(lanes, most);
        for (var lane = 1; lane < L.Count; lane++) lanes[0] = Math.Max(lanes[0], lanes[lane]);
        most = L.All(lanes[0]);
        for (var key = panels.First; key < panels.End; key += L.Count) L.Store(scores + key, Exponential.Of(L.Subtract(L.Load(scores + key), most)));
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

    private static float* Keys(AttentionHeads heads, float* cache, int capacity, int shared) => cache + (long)shared * capacity * heads.Depth;

    private static float* Values(AttentionHeads heads, float* cache, int capacity, int shared) => cache + (long)(heads.Shared + shared) * capacity * heads.Depth;
}
