using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// softmax(q·kᵀ/√Dh)·v within one sequence, for the query heads that share one head of keys and values. Scores are made for a panel
/// of 32 queries at a time, keys as rows: what a query sums over its keys then goes down a column.
/// </summary>
internal static unsafe class CausalAttention
{
    /// <param name="heads">how they lie</param>
    /// <param name="rows">row 0 of the sequence: [rows, H + 2·Hkv heads]</param>
    /// <param name="mixed">row 0 of the sequence: [rows, H heads]</param>
    /// <param name="logSums">row 0 of the sequence: ln Σ e^score of each query, for the backward pass</param>
    /// <param name="logSumStep">to the next query head's</param>
    /// <param name="length">rows of the sequence</param>
    /// <param name="shared">the head of keys and values</param>
    public static void Forward(AttentionHeads heads, Panels rows, Panels mixed, float* logSums, long logSumStep, int length, int shared)
    {
        if (Vector512.IsHardwareAccelerated) Forward<Lanes512>(heads, rows, mixed, logSums, logSumStep, length, shared);
        else if (Vector256.IsHardwareAccelerated) Forward<Lanes256>(heads, rows, mixed, logSums, logSumStep, length, shared);
        else Forward<Lanes128>(heads, rows, mixed, logSums, logSumStep, length, shared);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Forward<L>(AttentionHeads heads, Panels rows, Panels mixed, float* logSums, long logSumStep, int length, int shared)
        where L : struct, ILanes<L>
    {
        var padded = HeadRows.Padded(length);
        var depth = heads.Depth;
        var turned = Scratch.Take((long)padded * depth + (long)padded * PackedMatrix.Width + Panels.Chunk * depth);
        var scores = new Panels(turned + (long)padded * depth, (long)padded * Panels.Chunk);
        var sums = scores.Data + (long)padded * PackedMatrix.Width;
        for (var head = shared * heads.Group; head < (shared + 1) * heads.Group; head++)
        {
            HeadRows.Turn(rows.At(0, heads.Query(head)), rows.ChunkStep, length, heads.Chunks, turned);
            for (var first = 0; first < length; first += PackedMatrix.Width)
            {
                var keys = Keys(heads, first, Math.Min(length, first + PackedMatrix.Width));
                Scores<L>(rows.At(0, heads.Key(shared)), rows.ChunkStep, heads.Chunks, turned + (long)first * depth, scores, keys);
                for (var chunk = 0; chunk < 2 && first + chunk * Panels.Chunk < length; chunk++)
                {
                    var query = first + chunk * Panels.Chunk;
                    var count = Math.Min(Panels.Chunk, length - query);
                    var seen = Keys(heads, query, query + count);
                    Softmax<L>(scores.At(0, chunk), heads, query, seen, sums, logSums + head * logSumStep + query, count);
                    Mix<L>(scores.At(0, chunk), rows.At(0, heads.Value(shared)), rows.ChunkStep, heads.Chunks, seen, sums);
                    for (var row = 0; row < count; row++)
                        for (var part = 0; part < heads.Chunks; part++)
                            new Span<float>(sums + row * depth + part * Panels.Chunk, Panels.Chunk).CopyTo(new Span<float>(mixed.At(query + row, heads.Query(head) + part), Panels.Chunk));
                }
            }
        }
    }

    /// <summary>The keys that some of these queries see.</summary>
    public static Extent Keys(AttentionHeads heads, int first, int end) => new(heads.FirstSeen(first), end);

    /// <summary>scores[key, query] = k·q for a panel of queries.</summary>
    /// <param name="keys">row 0 of the sequence, the head's first chunk</param>
    /// <param name="chunkStep">to the next</param>
    /// <param name="chunks">of the head</param>
    /// <param name="turned">the panel, of queries with rows and columns exchanged</param>
    /// <param name="scores">[keys, 32]</param>
    /// <param name="seen">keys to do</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores<L>(float* keys, long chunkStep, int chunks, float* turned, Panels scores, Extent seen)
        where L : struct, ILanes<L>
    {
        var zeros = stackalloc float[PackedMatrix.Width];
        new Span<float>(zeros, PackedMatrix.Width).Clear();
        var factors = new ProductTiles.Factors(chunkStep, chunks, PackedMatrix.Width, L.Count);
        for (var column = 0; column < PackedMatrix.Width; column += 2 * L.Count)
            ProductTiles.Run<L>(seen.Count, factors, keys + seen.First * Panels.Chunk, turned + column, zeros, scores.Output<L>(seen.First, 0, column, null));
    }

    /// <summary>Scores become e^(score·scale − most of the query's); one over the sum of these stands in <paramref name="shares"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Softmax<L>(float* scores, AttentionHeads heads, int query, Extent seen, float* shares, float* logSums, int count)
        where L : struct, ILanes<L>
    {
        var logs = stackalloc float[2 * Panels.Chunk];
        var scale = L.All(heads.Scale);
        for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
        {
            var most = L.All(float.NegativeInfinity);
            for (var key = seen.First; key < seen.End; key++)
            {
                var at = scores + key * Panels.Chunk + lane;
                var score = L.Load(at);
                score = heads.Window == 0 && key < query ? L.Multiply(score, scale) : L.Fma(score, scale, L.Load(CausalMask.Of(key, query, heads.Window) + lane));
                L.Store(at, score);
                most = L.Larger(score, most);
            }

            var sum = L.Zero;
            for (var key = seen.First; key < seen.End; key++)
            {
                var at = scores + key * Panels.Chunk + lane;
                var p = Exponential.Of(L.Subtract(L.Load(at), most));
                L.Store(at, p);
                sum = L.Add(sum, p);
            }

            L.Store(logs + lane, most);
            L.Store(logs + Panels.Chunk + lane, sum);
        }

        for (var i = 0; i < count; i++) logSums[i] = logs[i] + MathF.Log(logs[Panels.Chunk + i]);
        for (var i = 0; i < Panels.Chunk; i++) shares[i] = 1 / logs[Panels.Chunk + i];
    }

    /// <summary>to[query] = share·Σ over keys of p[key, query]·v[key] for 16 queries; the shares stand where the results do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Mix<L>(float* p, float* values, long chunkStep, int chunks, Extent seen, float* to)
        where L : struct, ILanes<L>
    {
        var shares = stackalloc float[Panels.Chunk];
        new Span<float>(to, Panels.Chunk).CopyTo(new Span<float>(shares, Panels.Chunk));
        var depth = chunks * Panels.Chunk;
        new Span<float>(to, Panels.Chunk * depth).Clear();
        AddOverKeys<L>(p, values, chunkStep, chunks, seen, to);
        for (var row = 0; row < Panels.Chunk; row++)
        {
            var share = L.All(shares[row]);
            for (var column = 0; column < depth; column += L.Count) L.Store(to + row * depth + column, L.Multiply(L.Load(to + row * depth + column), share));
        }
    }

    /// <summary>to[query] += Σ over keys of weights[key, query]·rows[key] for 16 queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddOverKeys<L>(float* weights, float* rows, long chunkStep, int chunks, Extent seen, float* to)
        where L : struct, ILanes<L>
    {
        var depth = chunks * Panels.Chunk;
        for (var query = 0; query < Panels.Chunk; query += GradientTiles.Height<L>())
        {
            for (var column = 0; column < depth; column += 2 * L.Count)
            {
                var from = rows + column / Panels.Chunk * chunkStep + column % Panels.Chunk + seen.First * Panels.Chunk;
                var second = L.Count == Panels.Chunk ? chunkStep : L.Count;
                GradientTiles.Run<L>(weights + seen.First * Panels.Chunk + query, from, second, seen.Count, to + query * depth + column, depth, L.Count);
            }
        }
    }
}
