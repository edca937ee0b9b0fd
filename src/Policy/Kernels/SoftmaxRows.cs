using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// Softmax over rows of logits z, a chunk of columns of all rows after the other: M = max z, l = (z − M)·scale, S = Σ e^l, ln p = l − ln S.
/// The difference comes first: however large the scale, l is never above 0. What is summed over columns is summed for each place in a chunk first, then over the places.
/// </summary>
internal static unsafe class SoftmaxRows
{
    /// <summary>What stands for no logit: e to its power is 0 beside any other's, and it is far enough from the end of the range to be scaled.</summary>
    public const float Hidden = -1e30f;

    /// <summary>For each row M, S and E = Σ e^l·l: the entropy is ln S − E/S.</summary>
    /// <param name="logits">[rows, columns]; whole chunks are read: what fills them up is far below any logit, see <see cref="Hidden"/></param>
    /// <param name="rows">how many, from row 0 on</param>
    /// <param name="columns">how many</param>
    /// <param name="scale">1/T</param>
    /// <param name="to">[3, rows]</param>
    public static void Sums(Panels logits, int rows, int columns, float scale, float* to)
    {
        if (Vector512.IsHardwareAccelerated) Sums<Lanes512>(logits, rows, columns, scale, to);
        else if (Vector256.IsHardwareAccelerated) Sums<Lanes256>(logits, rows, columns, scale, to);
        else Sums<Lanes128>(logits, rows, columns, scale, to);
    }

    /// <summary>D = Σ e^l·(l − k) of each row, with k those of other logits: Σ p·(ln p − ln q) is D/S − ln S + ln of the others' S.</summary>
    /// <param name="logits">[rows, columns]</param>
    /// <param name="largest">M [rows]</param>
    /// <param name="others">[rows, columns]</param>
    /// <param name="othersLargest">N [rows]</param>
    /// <param name="rows">how many</param>
    /// <param name="columns">how many</param>
    /// <param name="scale">1/T</param>
    /// <param name="to">[rows]</param>
    public static void Differences(Panels logits, float* largest, Panels others, float* othersLargest, int rows, int columns, float scale, float* to)
    {
        if (Vector512.IsHardwareAccelerated) Differences<Lanes512>(logits, largest, others, othersLargest, rows, columns, scale, to);
        else if (Vector256.IsHardwareAccelerated) Differences<Lanes256>(logits, largest, others, othersLargest, rows, columns, scale, to);
        else Differences<Lanes128>(logits, largest, others, othersLargest, rows, columns, scale, to);
    }

    /// <summary>Logits become p·(c + e·(ln p + h)) with numbers of each row; the gradient of c·ln p(target) still lacks −c at the target.</summary>
    /// <param name="logits">[rows, columns]</param>
    /// <param name="rows">how many</param>
    /// <param name="columns">how many</param>
    /// <param name="scale">1/T</param>
    /// <param name="logSums">M·scale + ln S [rows]</param>
    /// <param name="c">[rows]</param>
    /// <param name="e">[rows]; null: 0</param>
    /// <param name="h">[rows]</param>
    public static void Weighted(Panels logits, int rows, int columns, float scale, float* logSums, float* c, float* e, float* h)
    {
        if (Vector512.IsHardwareAccelerated) Weighted<Lanes512>(logits, rows, columns, scale, logSums, c, e, h);
        else if (Vector256.IsHardwareAccelerated) Weighted<Lanes256>(logits, rows, columns, scale, logSums, c, e, h);
        else Weighted<Lanes128>(logits, rows, columns, scale, logSums, c, e, h);
    }

    /// <summary>Logits become f·p·(ln p − ln q − d) with f and d of each row: the gradient of f·Σ p·(ln p − ln q), whose value is d.</summary>
    /// <param name="logits">[rows, columns]</param>
    /// <param name="logSums">[rows]</param>
    /// <param name="others">those of q [rows, columns]</param>
    /// <param name="othersLogSums">[rows]</param>
    /// <param name="rows">how many</param>
    /// <param name="columns">how many</param>
    /// <param name="scale">1/T</param>
    /// <param name="divergences">d [rows]</param>
    /// <param name="factors">f [rows]</param>
    public static void Apart(Panels logits, float* logSums, Panels others, float* othersLogSums, int rows, int columns, float scale, float* divergences, float* factors)
    {
        if (Vector512.IsHardwareAccelerated) Apart<Lanes512>(logits, logSums, others, othersLogSums, rows, columns, scale, divergences, factors);
        else if (Vector256.IsHardwareAccelerated) Apart<Lanes256>(logits, logSums, others, othersLogSums, rows, columns, scale, divergences, factors);
        else Apart<Lanes128>(logits, logSums, others, othersLogSums, rows, columns, scale, divergences, factors);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Apart<L>(Panels logits, float* logSums, Panels others, float* othersLogSums, int rows, int columns, float scale, float* divergences, float* factors)
        where L : struct, ILanes<L>
    {
        var factor = L.All(scale);
        for (var chunk = 0; chunk < Panels.Chunks(columns); chunk++)
        {
            float* from = logits.At(0, chunk), other = others.At(0, chunk);
            for (var row = 0; row < rows; row++)
            {
                L shift = L.All(-logSums[row]), otherShift = L.All(-othersLogSums[row]), divergence = L.All(divergences[row]), f = L.All(factors[row]);
                for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
                {
                    var at = row * Panels.Chunk + lane;
                    L logP = L.Fma(L.Load(from + at), factor, shift), logQ = L.Fma(L.Load(other + at), factor, otherShift);
                    L.Store(from + at, L.Multiply(L.Multiply(Exponential.Of(logP), f), L.Subtract(L.Subtract(logP, logQ), divergence)));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Sums<L>(Panels logits, int rows, int columns, float scale, float* to)
        where L : struct, ILanes<L>
    {
        var chunks = Panels.Chunks(columns);
        var lanes = Scratch.Take(3L * rows * Panels.Chunk);
        float* sums = lanes + (long)rows * Panels.Chunk, products = sums + (long)rows * Panels.Chunk;
        new Span<float>(lanes, rows * Panels.Chunk).Fill(float.NegativeInfinity);
        new Span<float>(sums, 2 * rows * Panels.Chunk).Clear();
        var count = rows * Panels.Chunk;
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            var from = logits.At(0, chunk);
            for (var at = 0; at < count; at += L.Count) L.Store(lanes + at, L.Larger(L.Load(from + at), L.Load(lanes + at)));
        }

        for (var row = 0; row < rows; row++) to[row] = Largest(lanes + row * Panels.Chunk);
        L factor = L.All(scale), lowest = L.All(Hidden);
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            var from = logits.At(0, chunk);
            for (var row = 0; row < rows; row++)
            {
                var largest = L.All(to[row]);
                for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
                {
                    var at = row * Panels.Chunk + lane;
                    var below = L.Larger(lowest, L.Multiply(L.Subtract(L.Load(from + at), largest), factor));
                    var p = Exponential.Of(below);
                    L.Store(sums + at, L.Add(L.Load(sums + at), p));
                    L.Store(products + at, L.Fma(p, below, L.Load(products + at)));
                }
            }
        }

        for (var row = 0; row < rows; row++)
        {
            to[rows + row] = LaneSum.Of(sums + row * Panels.Chunk);
            to[2 * rows + row] = LaneSum.Of(products + row * Panels.Chunk);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Differences<L>(Panels logits, float* largest, Panels others, float* othersLargest, int rows, int columns, float scale, float* to)
        where L : struct, ILanes<L>
    {
        var sums = Scratch.Take((long)rows * Panels.Chunk);
        new Span<float>(sums, rows * Panels.Chunk).Clear();
        var factor = L.All(scale);
        for (var chunk = 0; chunk < Panels.Chunks(columns); chunk++)
        {
            float* from = logits.At(0, chunk), other = others.At(0, chunk);
            for (var row = 0; row < rows; row++)
            {
                L most = L.All(largest[row]), othersMost = L.All(othersLargest[row]);
                for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
                {
                    var at = row * Panels.Chunk + lane;
                    L below = L.Multiply(L.Subtract(L.Load(from + at), most), factor), otherBelow = L.Multiply(L.Subtract(L.Load(other + at), othersMost), factor);
                    L.Store(sums + at, L.Fma(Exponential.Of(below), L.Subtract(below, otherBelow), L.Load(sums + at)));
                }
            }
        }

        for (var row = 0; row < rows; row++) to[row] = LaneSum.Of(sums + row * Panels.Chunk);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Weighted<L>(Panels logits, int rows, int columns, float scale, float* logSums, float* c, float* e, float* h)
        where L : struct, ILanes<L>
    {
        var factor = L.All(scale);
        for (var chunk = 0; chunk < Panels.Chunks(columns); chunk++)
        {
            var from = logits.At(0, chunk);
            for (var row = 0; row < rows; row++)
            {
                L shift = L.All(-logSums[row]), constant = L.All(c[row]);
                for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
                {
                    var at = from + row * Panels.Chunk + lane;
                    var logP = L.Fma(L.Load(at), factor, shift);
                    var weight = e is null ? constant : L.Fma(L.All(e[row]), L.Add(logP, L.All(h[row])), constant);
                    L.Store(at, L.Multiply(Exponential.Of(logP), weight));
                }
            }
        }
    }

    private static float Largest(float* lanes)
    {
        var largest = lanes[0];
        for (var lane = 1; lane < Panels.Chunk; lane++) largest = Math.Max(largest, lanes[lane]);
        return largest;
    }
}
