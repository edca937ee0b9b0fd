using System.Runtime.CompilerServices;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// The innermost part of a product: a few rows by two vectors of columns, held in registers for the whole inner dimension. An
/// element is one chain of fused multiply-adds in the order of that dimension, whatever tile it is in: its bits depend on its row
/// and its column alone.
/// </summary>
internal static unsafe class ProductTiles
{
    /// <summary>y[r] = start + Σₖ x[r, k]·weights[k] (+ what is there to add) for so many rows, two vectors of columns.</summary>
    /// <param name="rows">how many</param>
    /// <param name="factors">how x and weights lie</param>
    /// <param name="x">row 0 of the first chunk</param>
    /// <param name="weights">of the first k, the first vector of columns</param>
    /// <param name="start">[two vectors]</param>
    /// <param name="y">row 0 of the first vector of columns</param>
    public static void Run<L>(int rows, Factors factors, float* x, float* weights, float* start, Output y)
        where L : struct, ILanes<L>
    {
        while (rows > 0)
        {
            var taken = Taken<L>(rows);
            switch (taken)
            {
                case 12: Rows12<L>(factors, x, weights, start, y); break;
                case 8: Rows8<L>(factors, x, weights, start, y); break;
                case 6: Rows6<L>(factors, x, weights, start, y); break;
                case 4: Rows4<L>(factors, x, weights, start, y); break;
                case 2: Rows2<L>(factors, x, weights, start, y); break;
                default: Rows1<L>(factors, x, weights, start, y); break;
            }

            x += taken * Panels.Chunk;
            (y, rows) = (y.From(taken), rows - taken);
        }
    }

    // As many as there are registers for, two for each row beside two of weights and one of x.
    private static int Taken<L>(int rows)
        where L : struct, ILanes<L> =>
        L.Count == Panels.Chunk && rows >= 8 ? (rows >= 12 ? 12 : 8)
        : L.Count < Panels.Chunk && rows >= 6 ? 6
        : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;

    /// <summary>12 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows12<L>(Factors factors, float* x, float* weights, float* start, Output y)
        where L : struct, ILanes<L>
    {
        L first = L.Load(start), second = L.Load(start + L.Count);
        L u0 = first, v0 = second, u1 = first, v1 = second, u2 = first, v2 = second, u3 = first, v3 = second;
        L u4 = first, v4 = second, u5 = first, v5 = second, u6 = first, v6 = second, u7 = first, v7 = second;
        L u8 = first, v8 = second, u9 = first, v9 = second, u10 = first, v10 = second, u11 = first, v11 = second;
        if (y.GoesOn)
        {
            u0 = y.First<L>(0);
            v0 = y.Second<L>(0);
            u1 = y.First<L>(1);
            v1 = y.Second<L>(1);
            u2 = y.First<L>(2);
            v2 = y.Second<L>(2);
            u3 = y.First<L>(3);
            v3 = y.Second<L>(3);
            u4 = y.First<L>(4);
            v4 = y.Second<L>(4);
            u5 = y.First<L>(5);
            v5 = y.Second<L>(5);
            u6 = y.First<L>(6);
            v6 = y.Second<L>(6);
            u7 = y.First<L>(7);
            v7 = y.Second<L>(7);
            u8 = y.First<L>(8);
            v8 = y.Second<L>(8);
            u9 = y.First<L>(9);
            v9 = y.Second<L>(9);
            u10 = y.First<L>(10);
            v10 = y.Second<L>(10);
            u11 = y.First<L>(11);
            v11 = y.Second<L>(11);
        }

        var (step, other) = (factors.WeightStep, factors.WeightSecond);
        for (var chunk = 0; chunk < factors.Chunks; chunk++, x += factors.ChunkStep)
        {
            var end = x + Panels.Chunk;
            for (var at = x; at < end; at++, weights += step)
            {
                first = L.Load(weights);
                second = L.Load(weights + other);
                var x0 = L.All(at[0]);
                u0 = L.Fma(x0, first, u0);
                v0 = L.Fma(x0, second, v0);
                var x1 = L.All(at[1 * Panels.Chunk]);
                u1 = L.Fma(x1, first, u1);
                v1 = L.Fma(x1, second, v1);
                var x2 = L.All(at[2 * Panels.Chunk]);
                u2 = L.Fma(x2, first, u2);
                v2 = L.Fma(x2, second, v2);
                var x3 = L.All(at[3 * Panels.Chunk]);
                u3 = L.Fma(x3, first, u3);
                v3 = L.Fma(x3, second, v3);
                var x4 = L.All(at[4 * Panels.Chunk]);
                u4 = L.Fma(x4, first, u4);
                v4 = L.Fma(x4, second, v4);
                var x5 = L.All(at[5 * Panels.Chunk]);
                u5 = L.Fma(x5, first, u5);
                v5 = L.Fma(x5, second, v5);
                var x6 = L.All(at[6 * Panels.Chunk]);
                u6 = L.Fma(x6, first, u6);
                v6 = L.Fma(x6, second, v6);
                var x7 = L.All(at[7 * Panels.Chunk]);
                u7 = L.Fma(x7, first, u7);
                v7 = L.Fma(x7, second, v7);
                var x8 = L.All(at[8 * Panels.Chunk]);
                u8 = L.Fma(x8, first, u8);
                v8 = L.Fma(x8, second, v8);
                var x9 = L.All(at[9 * Panels.Chunk]);
                u9 = L.Fma(x9, first, u9);
                v9 = L.Fma(x9, second, v9);
                var x10 = L.All(at[10 * Panels.Chunk]);
                u10 = L.Fma(x10, first, u10);
                v10 = L.Fma(x10, second, v10);
                var x11 = L.All(at[11 * Panels.Chunk]);
                u11 = L.Fma(x11, first, u11);
                v11 = L.Fma(x11, second, v11);
            }
        }

        y.Store(0, u0, v0);
        y.Store(1, u1, v1);
        y.Store(2, u2, v2);
        y.Store(3, u3, v3);
        y.Store(4, u4, v4);
        y.Store(5, u5, v5);
        y.Store(6, u6, v6);
        y.Store(7, u7, v7);
        y.Store(8, u8, v8);
        y.Store(9, u9, v9);
        y.Store(10, u10, v10);
        y.Store(11, u11, v11);
    }

    /// <summary>8 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows8<L>(Factors factors, float* x, float* weights, float* start, Output y)
        where L : struct, ILanes<L>
    {
        L first = L.Load(start), second = L.Load(start + L.Count);
        L u0 = first, v0 = second, u1 = first, v1 = second, u2 = first, v2 = second, u3 = first, v3 = second;
        L u4 = first, v4 = second, u5 = first, v5 = second, u6 = first, v6 = second, u7 = first, v7 = second;
        if (y.GoesOn)
        {
            u0 = y.First<L>(0);
            v0 = y.Second<L>(0);
            u1 = y.First<L>(1);
            v1 = y.Second<L>(1);
            u2 = y.First<L>(2);
            v2 = y.Second<L>(2);
            u3 = y.First<L>(3);
            v3 = y.Second<L>(3);
            u4 = y.First<L>(4);
            v4 = y.Second<L>(4);
            u5 = y.First<L>(5);
            v5 = y.Second<L>(5);
            u6 = y.First<L>(6);
            v6 = y.Second<L>(6);
            u7 = y.First<L>(7);
            v7 = y.Second<L>(7);
        }

        var (step, other) = (factors.WeightStep, factors.WeightSecond);
        for (var chunk = 0; chunk < factors.Chunks; chunk++, x += factors.ChunkStep)
        {
            var end = x + Panels.Chunk;
            for (var at = x; at < end; at++, weights += step)
            {
                first = L.Load(weights);
                second = L.Load(weights + other);
                var x0 = L.All(at[0]);
                u0 = L.Fma(x0, first, u0);
                v0 = L.Fma(x0, second, v0);
                var x1 = L.All(at[1 * Panels.Chunk]);
                u1 = L.Fma(x1, first, u1);
                v1 = L.Fma(x1, second, v1);
                var x2 = L.All(at[2 * Panels.Chunk]);
                u2 = L.Fma(x2, first, u2);
                v2 = L.Fma(x2, second, v2);
                var x3 = L.All(at[3 * Panels.Chunk]);
                u3 = L.Fma(x3, first, u3);
                v3 = L.Fma(x3, second, v3);
                var x4 = L.All(at[4 * Panels.Chunk]);
                u4 = L.Fma(x4, first, u4);
                v4 = L.Fma(x4, second, v4);
                var x5 = L.All(at[5 * Panels.Chunk]);
                u5 = L.Fma(x5, first, u5);
                v5 = L.Fma(x5, second, v5);
                var x6 = L.All(at[6 * Panels.Chunk]);
                u6 = L.Fma(x6, first, u6);
                v6 = L.Fma(x6, second, v6);
                var x7 = L.All(at[7 * Panels.Chunk]);
                u7 = L.Fma(x7, first, u7);
                v7 = L.Fma(x7, second, v7);
            }
        }

        y.Store(0, u0, v0);
        y.Store(1, u1, v1);
        y.Store(2, u2, v2);
        y.Store(3, u3, v3);
        y.Store(4, u4, v4);
        y.Store(5, u5, v5);
        y.Store(6, u6, v6);
        y.Store(7, u7, v7);
    }

    /// <summary>6 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows6<L>(Factors factors, float* x, float* weights, float* start, Output y)
        where L : struct, ILanes<L>
    {
        L first = L.Load(start), second = L.Load(start + L.Count);
        L u0 = first, v0 = second, u1 = first, v1 = second, u2 = first, v2 = second, u3 = first, v3 = second;
        L u4 = first, v4 = second, u5 = first, v5 = second;
        if (y.GoesOn)
        {
            u0 = y.First<L>(0);
            v0 = y.Second<L>(0);
            u1 = y.First<L>(1);
            v1 = y.Second<L>(1);
            u2 = y.First<L>(2);
            v2 = y.Second<L>(2);
            u3 = y.First<L>(3);
            v3 = y.Second<L>(3);
            u4 = y.First<L>(4);
            v4 = y.Second<L>(4);
            u5 = y.First<L>(5);
            v5 = y.Second<L>(5);
        }

        var (step, other) = (factors.WeightStep, factors.WeightSecond);
        for (var chunk = 0; chunk < factors.Chunks; chunk++, x += factors.ChunkStep)
        {
            var end = x + Panels.Chunk;
            for (var at = x; at < end; at++, weights += step)
            {
                first = L.Load(weights);
                second = L.Load(weights + other);
                var x0 = L.All(at[0]);
                u0 = L.Fma(x0, first, u0);
                v0 = L.Fma(x0, second, v0);
                var x1 = L.All(at[1 * Panels.Chunk]);
                u1 = L.Fma(x1, first, u1);
                v1 = L.Fma(x1, second, v1);
                var x2 = L.All(at[2 * Panels.Chunk]);
                u2 = L.Fma(x2, first, u2);
                v2 = L.Fma(x2, second, v2);
                var x3 = L.All(at[3 * Panels.Chunk]);
                u3 = L.Fma(x3, first, u3);
                v3 = L.Fma(x3, second, v3);
                var x4 = L.All(at[4 * Panels.Chunk]);
                u4 = L.Fma(x4, first, u4);
                v4 = L.Fma(x4, second, v4);
                var x5 = L.All(at[5 * Panels.Chunk]);
                u5 = L.Fma(x5, first, u5);
                v5 = L.Fma(x5, second, v5);
            }
        }

        y.Store(0, u0, v0);
        y.Store(1, u1, v1);
        y.Store(2, u2, v2);
        y.Store(3, u3, v3);
        y.Store(4, u4, v4);
        y.Store(5, u5, v5);
    }

    /// <summary>4 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4<L>(Factors factors, float* x, float* weights, float* start, Output y)
        where L : struct, ILanes<L>
    {
        L first = L.Load(start), second = L.Load(start + L.Count);
        L u0 = first, v0 = second, u1 = first, v1 = second, u2 = first, v2 = second, u3 = first, v3 = second;
        if (y.GoesOn)
        {
            u0 = y.First<L>(0);
            v0 = y.Second<L>(0);
            u1 = y.First<L>(1);
            v1 = y.Second<L>(1);
            u2 = y.First<L>(2);
            v2 = y.Second<L>(2);
            u3 = y.First<L>(3);
            v3 = y.Second<L>(3);
        }

        var (step, other) = (factors.WeightStep, factors.WeightSecond);
        for (var chunk = 0; chunk < factors.Chunks; chunk++, x += factors.ChunkStep)
        {
            var end = x + Panels.Chunk;
            for (var at = x; at < end; at++, weights += step)
            {
                first = L.Load(weights);
                second = L.Load(weights + other);
                var x0 = L.All(at[0]);
                u0 = L.Fma(x0, first, u0);
                v0 = L.Fma(x0, second, v0);
                var x1 = L.All(at[1 * Panels.Chunk]);
                u1 = L.Fma(x1, first, u1);
                v1 = L.Fma(x1, second, v1);
                var x2 = L.All(at[2 * Panels.Chunk]);
                u2 = L.Fma(x2, first, u2);
                v2 = L.Fma(x2, second, v2);
                var x3 = L.All(at[3 * Panels.Chunk]);
                u3 = L.Fma(x3, first, u3);
                v3 = L.Fma(x3, second, v3);
            }
        }

        y.Store(0, u0, v0);
        y.Store(1, u1, v1);
        y.Store(2, u2, v2);
        y.Store(3, u3, v3);
    }

    /// <summary>2 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2<L>(Factors factors, float* x, float* weights, float* start, Output y)
        where L : struct, ILanes<L>
    {
        L first = L.Load(start), second = L.Load(start + L.Count);
        L u0 = first, v0 = second, u1 = first, v1 = second;
        if (y.GoesOn)
        {
            u0 = y.First<L>(0);
            v0 = y.Second<L>(0);
            u1 = y.First<L>(1);
            v1 = y.Second<L>(1);
        }

        var (step, other) = (factors.WeightStep, factors.WeightSecond);
        for (var chunk = 0; chunk < factors.Chunks; chunk++, x += factors.ChunkStep)
        {
            var end = x + Panels.Chunk;
            for (var at = x; at < end; at++, weights += step)
            {
                first = L.Load(weights);
                second = L.Load(weights + other);
                var x0 = L.All(at[0]);
                u0 = L.Fma(x0, first, u0);
                v0 = L.Fma(x0, second, v0);
                var x1 = L.All(at[1 * Panels.Chunk]);
                u1 = L.Fma(x1, first, u1);
                v1 = L.Fma(x1, second, v1);
            }
        }

        y.Store(0, u0, v0);
        y.Store(1, u1, v1);
    }

    /// <summary>1 row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1<L>(Factors factors, float* x, float* weights, float* start, Output y)
        where L : struct, ILanes<L>
    {
        L first = L.Load(start), second = L.Load(start + L.Count);
        L u0 = first, v0 = second;
        if (y.GoesOn)
        {
            u0 = y.First<L>(0);
            v0 = y.Second<L>(0);
        }

        var (step, other) = (factors.WeightStep, factors.WeightSecond);
        for (var chunk = 0; chunk < factors.Chunks; chunk++, x += factors.ChunkStep)
        {
            var end = x + Panels.Chunk;
            for (var at = x; at < end; at++, weights += step)
            {
                first = L.Load(weights);
                second = L.Load(weights + other);
                var x0 = L.All(at[0]);
                u0 = L.Fma(x0, first, u0);
                v0 = L.Fma(x0, second, v0);
            }
        }

        y.Store(0, u0, v0);
    }

    /// <summary>How the factors of a product lie.</summary>
    /// <param name="chunkStep">from a chunk of x to the next</param>
    /// <param name="chunks">of x: a sixteenth of the inner dimension</param>
    /// <param name="weightStep">from a k to the next</param>
    /// <param name="weightSecond">from the first vector of columns to the second</param>
    internal readonly struct Factors(long chunkStep, int chunks, long weightStep, long weightSecond)
    {
        public readonly long ChunkStep = chunkStep;
        public readonly int Chunks = chunks;
        public readonly long WeightStep = weightStep;
        public readonly long WeightSecond = weightSecond;
    }

    /// <summary>Where two vectors of each row go.</summary>
    /// <param name="data">row 0's first</param>
    /// <param name="second">from the first to the second</param>
    /// <param name="add">added to the first row's, and so on for the others; null: nothing is</param>
    /// <param name="goesOn">whether the sums go on from what stands there</param>
    internal readonly struct Output(float* data, long second, float* add, bool goesOn)
    {
        private readonly float* _data = data;
        private readonly float* _add = add;
        private readonly long _second = second;

        public bool GoesOn => goesOn;

        public Output From(int row) => new(_data + row * Panels.Chunk, _second, _add is null ? null : _add + row * Panels.Chunk, goesOn);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L First<L>(int row)
            where L : struct, ILanes<L> => L.Load(_data + row * Panels.Chunk);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Second<L>(int row)
            where L : struct, ILanes<L> => L.Load(_data + row * Panels.Chunk + _second);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store<L>(int row, L first, L second)
            where L : struct, ILanes<L>
        {
            var at = row * Panels.Chunk;
            if (_add is not null)
            {
                first = L.Add(L.Load(_add + at), first);
                second = L.Add(L.Load(_add + at + _second), second);
            }

            L.Store(_data + at, first);
            L.Store(_data + at + _second, second);
        }
    }
}
