using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// Layer norm, (x − m)·s·w + b with m the mean of a row and s = 1/√(mean (x − m)² + ε); RMS norm, x·s·w with s = 1/√(mean x² + ε),
/// where there is no b (Ba et al. 2016; Zhang and Sennrich 2019). A sum over columns adds up those of a place in their chunks first.
/// </summary>
internal readonly unsafe struct Norm(int width, double epsilon, float* weight, float* bias)
{
    /// <summary>Numbers that the backward pass wants of a row: m and s.</summary>
    public const int Kept = 2;

    private readonly int _width = width;
    private readonly float _epsilon = (float)epsilon;
    private readonly float* _weight = weight; // padded with zeros, as is the bias
    private readonly float* _bias = bias;

    /// <param name="x">[rows, width]</param>
    /// <param name="y">[rows, width]; may be x</param>
    /// <param name="statistics">[rows, 2]</param>
    /// <param name="rows">to do</param>
    public void Forward(Panels x, Panels y, float* statistics, Extent rows)
    {
        if (Vector512.IsHardwareAccelerated) Forward<Lanes512>(x, y, statistics, rows);
        else if (Vector256.IsHardwareAccelerated) Forward<Lanes256>(x, y, statistics, rows);
        else Forward<Lanes128>(x, y, statistics, rows);
    }

    /// <summary>
    /// dx = s·(g − mean(g) − x̂·mean(g·x̂)) with g = dy·w and x̂ = (x − m)·s, for RMS norm without the first mean; of weight and bias
    /// Σ dy·x̂ and Σ dy. What was normalised is made anew in place of x.
    /// </summary>
    /// <param name="dy">[rows, width]</param>
    /// <param name="x">[rows, width], becomes y</param>
    /// <param name="statistics">of the forward pass</param>
    /// <param name="dx">[rows, width], to which the gradient is added</param>
    /// <param name="ofWeight">[width], added to; null where the weight does not learn</param>
    /// <param name="ofBias">[width], added to; null where there is none</param>
    /// <param name="rows">to do</param>
    public void Backward(Panels dy, Panels x, float* statistics, Panels dx, float* ofWeight, float* ofBias, Extent rows)
    {
        if (Vector512.IsHardwareAccelerated) Backward<Lanes512>(dy, x, statistics, dx, ofWeight, ofBias, rows);
        else if (Vector256.IsHardwareAccelerated) Backward<Lanes256>(dy, x, statistics, dx, ofWeight, ofBias, rows);
        else Backward<Lanes128>(dy, x, statistics, dx, ofWeight, ofBias, rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Forward<L>(Panels x, Panels y, float* statistics, Extent rows)
        where L : struct, ILanes<L>
    {
        var lanes = stackalloc float[Panels.Chunk];
        var (chunks, whole) = (Panels.Chunks(_width), _width / Panels.Chunk);
        for (var row = rows.First; row < rows.End; row++)
        {
            var (from, to) = ((nint)x.At(row, 0), (nint)y.At(row, 0));
            var mean = _bias is null ? 0 : Sum<L>((float*)from, x.ChunkStep, whole, lanes) / _width;
            var scale = 1 / MathF.Sqrt(SquareSum<L>((float*)from, x.ChunkStep, whole, mean, lanes) / _width + _epsilon);
            (statistics[row * Kept], statistics[row * Kept + 1]) = (mean, scale);
            L m = L.All(mean), s = L.All(scale);
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
                {
                    var column = chunk * Panels.Chunk + lane;
                    var hat = L.Multiply(L.Subtract(L.Load((float*)from + chunk * x.ChunkStep + lane), m), s);
                    L.Store((float*)to + chunk * y.ChunkStep + lane, Scaled(hat, column));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Backward<L>(Panels dy, Panels x, float* statistics, Panels dx, float* ofWeight, float* ofBias, Extent rows)
        where L : struct, ILanes<L>
    {
        float* lanes = stackalloc float[Panels.Chunk], products = stackalloc float[Panels.Chunk];
        var chunks = (_width + Panels.Chunk - 1) / Panels.Chunk;
        for (var row = rows.First; row < rows.End; row++)
        {
            L m = L.All(statistics[row * Kept]), s = L.All(statistics[row * Kept + 1]);
            for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
            {
                L sum = L.Zero, product = L.Zero;
                for (var chunk = 0; chunk < chunks; chunk++)
                {
                    var column = chunk * Panels.Chunk + lane;
                    var d = L.Load(dy.At(row, chunk) + lane);
                    var g = L.Multiply(d, L.Load(_weight + column));
                    var hat = L.Multiply(L.Subtract(L.Load(x.At(row, chunk) + lane), m), s);
                    (sum, product) = (L.Add(sum, g), L.Fma(g, hat, product));
                    if (ofWeight is not null) L.Store(ofWeight + column, L.Fma(d, hat, L.Load(ofWeight + column)));
                    if (ofBias is not null) L.Store(ofBias + column, L.Add(d, L.Load(ofBias + column)));
                }

                L.Store(lanes + lane, sum);
                L.Store(products + lane, product);
            }

            L mean = L.All(_bias is null ? 0 : LaneSum.Of(lanes) / _width), share = L.All(LaneSum.Of(products) / _width);
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
                {
                    var column = chunk * Panels.Chunk + lane;
                    var g = L.Multiply(L.Load(dy.At(row, chunk) + lane), L.Load(_weight + column));
                    var hat = L.Multiply(L.Subtract(L.Load(x.At(row, chunk) + lane), m), s);
                    var gradient = L.Multiply(s, L.Subtract(L.Subtract(g, mean), L.Multiply(hat, share)));
                    L.Store(dx.At(row, chunk) + lane, L.Add(L.Load(dx.At(row, chunk) + lane), gradient));
                    L.Store(x.At(row, chunk) + lane, Scaled(hat, column));
                }
            }

            ClearPadding(dx, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private L Scaled<L>(L hat, int column)
        where L : struct, ILanes<L> =>
        _bias is null ? L.Multiply(hat, L.Load(_weight + column)) : L.Fma(hat, L.Load(_weight + column), L.Load(_bias + column));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Sum<L>(float* row, long chunkStep, int whole, float* lanes)
        where L : struct, ILanes<L>
    {
        for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
        {
            var sum = L.Zero;
            for (var chunk = 0; chunk < whole; chunk++) sum = L.Add(sum, L.Load(row + chunk * chunkStep + lane));
            L.Store(lanes + lane, sum);
        }

        for (var rest = 0; rest < _width % Panels.Chunk; rest++) lanes[rest] += row[whole * chunkStep + rest];
        return LaneSum.Of(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float SquareSum<L>(float* row, long chunkStep, int whole, float mean, float* lanes)
        where L : struct, ILanes<L>
    {
        var m = L.All(mean);
        for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
        {
            var sum = L.Zero;
            for (var chunk = 0; chunk < whole; chunk++)
            {
                var d = L.Subtract(L.Load(row + chunk * chunkStep + lane), m);
                sum = L.Fma(d, d, sum);
            }

            L.Store(lanes + lane, sum);
        }

        for (var rest = 0; rest < _width % Panels.Chunk; rest++)
        {
            var d = row[whole * chunkStep + rest] - mean;
            lanes[rest] = MathF.FusedMultiplyAdd(d, d, lanes[rest]);
        }

        return LaneSum.Of(lanes);
    }

    // Beyond the width hat is −m·s, which is nobody's gradient.
    private void ClearPadding(Panels dx, int row)
    {
        for (var column = _width; column < Panels.Padded(_width); column++) dx.At(row, column / Panels.Chunk)[column % Panels.Chunk] = 0;
    }
}
