using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// The backward pass of <see cref="CausalAttention"/>: with P the softmax, made anew from what was kept, dP = dO·vᵀ and
/// dS = P·(dP − Σ over keys of P·dP)/√Dh: dq = dS·k, dk = dSᵀ·q, dv = Pᵀ·dO. Queries that share keys add up, one head after the other.
/// </summary>
internal static unsafe class CausalAttentionGradient
{
    /// <param name="heads">how they lie</param>
    /// <param name="rows">row 0 of the sequence: queries, keys and values, in whose place their gradients come</param>
    /// <param name="towards">row 0 of the sequence: of what was mixed [rows, H heads]</param>
    /// <param name="logSums">row 0 of the sequence, of the forward pass</param>
    /// <param name="logSumStep">to the next query head's</param>
    /// <param name="length">rows of the sequence</param>
    /// <param name="shared">the head of keys and values</param>
    public static void Backward(AttentionHeads heads, Panels rows, Panels towards, float* logSums, long logSumStep, int length, int shared)
    {
        if (Vector512.IsHardwareAccelerated) Backward<Lanes512>(heads, rows, towards, logSums, logSumStep, length, shared);
        else if (Vector256.IsHardwareAccelerated) Backward<Lanes256>(heads, rows, towards, logSums, logSumStep, length, shared);
        else Backward<Lanes128>(heads, rows, towards, logSums, logSumStep, length, shared);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Backward<L>(AttentionHeads heads, Panels rows, Panels towards, float* logSums, long logSumStep, int length, int shared)
        where L : struct, ILanes<L>
    {
        var work = new Work(heads, length);
        var size = (long)work.Padded * heads.Depth;
        new Span<float>(work.KeyGradients.Data, checked((int)(2 * size))).Clear();
        for (var head = shared * heads.Group; head < (shared + 1) * heads.Group; head++)
        {
            float* queries = rows.At(0, heads.Query(head)), mixed = towards.At(0, heads.Query(head));
            HeadRows.Turn(queries, rows.ChunkStep, length, heads.Chunks, work.TurnedQueries);
            HeadRows.Turn(mixed, towards.ChunkStep, length, heads.Chunks, work.TurnedMixed);
            HeadRows.Copy(queries, rows.ChunkStep, length, heads.Chunks, work.Queries);
            HeadRows.Copy(mixed, towards.ChunkStep, length, heads.Chunks, work.Mixed);
            for (var first = 0; first < length; first += PackedMatrix.Width)
            {
                var seen = CausalAttention.Keys(heads, first, Math.Min(length, first + PackedMatrix.Width));
                CausalAttention.Scores<L>(rows.At(0, heads.Key(shared)), rows.ChunkStep, heads.Chunks, work.TurnedQueries + (long)first * heads.Depth, work.Softmax, seen);
                CausalAttention.Scores<L>(rows.At(0, heads.Value(shared)), rows.ChunkStep, heads.Chunks, work.TurnedMixed + (long)first * heads.Depth, work.Scores, seen);
                for (var chunk = 0; chunk < 2; chunk++)
                {
                    var query = first + chunk * Panels.Chunk;
                    var count = Math.Clamp(length - query, 0, Panels.Chunk);
                    ScoreGradients<L>(work, chunk, query, count, seen, logSums + head * logSumStep + query);
                    if (count > 0) QueryGradients<L>(work, chunk, rows, query, count, heads.Query(head), heads.Key(shared));
                }

                Add<L>(work.Scores, work.Queries + (long)first * heads.Depth, work.KeyGradients, seen, heads.Chunks);
                Add<L>(work.Softmax, work.Mixed + (long)first * heads.Depth, work.ValueGradients, seen, heads.Chunks);
            }
        }

        for (var chunk = 0; chunk < heads.Chunks; chunk++)
        {
            Copy(work.KeyGradients.At(0, chunk), rows.At(0, heads.Key(shared) + chunk), length);
            Copy(work.ValueGradients.At(0, chunk), rows.At(0, heads.Value(shared) + chunk), length);
        }
    }

    /// <summary>Scores become P, and what came back through them dS, for 16 queries; zeros where there is no query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreGradients<L>(Work work, int chunk, int query, int count, Extent panelSeen, float* logSums)
        where L : struct, ILanes<L>
    {
        float* softmax = work.Softmax.At(0, chunk), scores = work.Scores.At(0, chunk);
        if (count == 0)
        {
            Clear(softmax, panelSeen);
            Clear(scores, panelSeen);
            return;
        }

        var sums = stackalloc float[Panels.Chunk];
        for (var i = 0; i < Panels.Chunk; i++) sums[i] = i < count ? logSums[i] : float.PositiveInfinity; // e^−∞ = 0
        var seen = CausalAttention.Keys(work.Heads, query, query + count);
        // What the other sixteen queries of the panel see besides.
        Clear(softmax, new Extent(panelSeen.First, seen.First));
        Clear(scores, new Extent(panelSeen.First, seen.First));
        Clear(softmax, new Extent(seen.End, panelSeen.End));
        Clear(scores, new Extent(seen.End, panelSeen.End));
        var scale = L.All(work.Heads.Scale);
        for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
        {
            var logSum = L.Load(sums + lane);
            var mean = L.Zero; // Σ P·dP
            for (var key = seen.First; key < seen.End; key++)
            {
                var at = key * Panels.Chunk + lane;
                var score = L.Load(softmax + at);
                score = work.Heads.Window == 0 && key < query ? L.Multiply(score, scale) : L.Fma(score, scale, L.Load(CausalMask.Of(key, query, work.Heads.Window) + lane));
                var p = Exponential.Of(L.Subtract(score, logSum));
                L.Store(softmax + at, p);
                mean = L.Fma(p, L.Load(scores + at), mean);
            }

            for (var key = seen.First; key < seen.End; key++)
            {
                var at = key * Panels.Chunk + lane;
                L.Store(scores + at, L.Multiply(L.Multiply(L.Load(softmax + at), scale), L.Subtract(L.Load(scores + at), mean)));
            }
        }
    }

    // dq of 16 queries, in their place: their products with keys use copies of them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QueryGradients<L>(Work work, int chunk, Panels rows, int query, int count, int queryChunk, int keyChunk)
        where L : struct, ILanes<L>
    {
        var depth = work.Heads.Depth;
        new Span<float>(work.Block, Panels.Chunk * depth).Clear();
        var seen = CausalAttention.Keys(work.Heads, query, query + count);
        CausalAttention.AddOverKeys<L>(work.Scores.At(0, chunk), rows.At(0, keyChunk), rows.ChunkStep, work.Heads.Chunks, seen, work.Block);
        for (var row = 0; row < count; row++)
            for (var part = 0; part < work.Heads.Chunks; part++)
                new Span<float>(work.Block + row * depth + part * Panels.Chunk, Panels.Chunk).CopyTo(new Span<float>(rows.At(query + row, queryChunk + part), Panels.Chunk));
    }

    /// <summary>to[key] += Σ over the 32 queries of a panel of weights[key, query]·rows[query].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add<L>(Panels weights, float* rows, Panels to, Extent keys, int chunks)
        where L : struct, ILanes<L>
    {
        var zeros = stackalloc float[PackedMatrix.Width];
        new Span<float>(zeros, PackedMatrix.Width).Clear();
        var depth = chunks * Panels.Chunk;
        var factors = new ProductTiles.Factors(weights.ChunkStep, 2, depth, L.Count);
        for (var pair = 0; pair < chunks; pair += 2)
            for (var column = 0; column < PackedMatrix.Width; column += 2 * L.Count)
                ProductTiles.Run<L>(keys.Count, factors, weights.At(keys.First, 0), rows + pair * Panels.Chunk + column, zeros, to.Output<L>(keys.First, pair, column, to.Data));
    }

    private static void Clear(float* chunk, Extent rows)
    {
        if (rows.Count > 0) new Span<float>(chunk + rows.First * Panels.Chunk, rows.Count * Panels.Chunk).Clear();
    }

    private static void Copy(float* from, float* to, int rows) => new Span<float>(from, rows * Panels.Chunk).CopyTo(new Span<float>(to, rows * Panels.Chunk));

    /// <summary>What is held meanwhile.</summary>
    private readonly struct Work
    {
        public Work(AttentionHeads heads, int length)
        {
            (Heads, Padded) = (heads, HeadRows.Padded(length));
            var size = (long)Padded * heads.Depth;
            var at = Scratch.Take(6 * size + 2L * Padded * PackedMatrix.Width + Panels.Chunk * heads.Depth);
            KeyGradients = new Panels(at, (long)Padded * Panels.Chunk);
            ValueGradients = new Panels(at + size, (long)Padded * Panels.Chunk);
            TurnedQueries = at + 2 * size;
            TurnedMixed = at + 3 * size;
            Queries = at + 4 * size;
            Mixed = at + 5 * size;
            at += 6 * size;
            Softmax = new Panels(at, (long)Padded * Panels.Chunk);
            Scores = new Panels(at + (long)Padded * PackedMatrix.Width, (long)Padded * Panels.Chunk);
            Block = at + 2L * Padded * PackedMatrix.Width;
        }

        public readonly AttentionHeads Heads;
        public readonly int Padded;
        public readonly Panels KeyGradients;
        public readonly Panels ValueGradients;
        public readonly float* TurnedQueries;
        public readonly float* TurnedMixed;
        public readonly float* Queries;
        public readonly float* Mixed;

        /// <summary>[keys, 32 queries]: scores, then P.</summary>
        public readonly Panels Softmax;

        /// <summary>[keys, 32 queries]: dP, then dS.</summary>
        public readonly Panels Scores;

        /// <summary>[16 queries, columns].</summary>
        public readonly float* Block;
    }
}
