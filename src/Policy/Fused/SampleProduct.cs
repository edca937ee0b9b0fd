using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>A product x·W whose factors already are in the layouts that kernels read: what a product of this size takes by itself.</summary>
internal sealed unsafe class SampleProduct : IDisposable
{
    private readonly NativeBuffer _x, _y, _bias;
    private readonly PackedMatrix _weights;
    private readonly int _rows;

    /// <param name="rows">of x and y</param>
    /// <param name="inner">K, filled up to whole panels</param>
    /// <param name="columns">of y, filled up likewise</param>
    /// <param name="type">float32 or bfloat16</param>
    public SampleProduct(int rows, int inner, int columns, ScalarType type)
    {
        (_rows, inner, columns) = (rows, Panels.Padded(inner), Panels.Padded(columns));
        _weights = new PackedMatrix(inner, columns, type == ScalarType.BFloat16);
        (_x, _y, _bias) = (new NativeBuffer((long)rows * inner), new NativeBuffer((long)rows * columns), new NativeBuffer(columns));
        Fill(_x.Data, _x.Count);
        if (_weights.IsNarrow) new Span<ushort>(_weights.NarrowChunk(0), inner * columns).Fill(0x3F80); // 1
        else Fill(_weights.Panel(0), (long)inner * columns);
        Fill(_bias.Data, columns);
    }

    public void Run()
    {
        var grid = new Grid(_rows, _weights.PanelCount, Threads.Count);
        Threads.Share(grid.Count, new Tasks(this, grid));
    }

    public void Dispose()
    {
        _x.Dispose();
        _y.Dispose();
        _bias.Dispose();
        _weights.Dispose();
    }

    // Any numbers that stay numbers.
    private static void Fill(float* to, long count)
    {
        for (var i = 0L; i < count; i++) to[i] = 1f / (1 + i % 7);
    }

    private readonly struct Tasks(SampleProduct of, Grid grid) : ITasks
    {
        public void Do(int task)
        {
            var (rows, panels) = grid[task];
            var step = (long)of._rows * Panels.Chunk;
            Product.Run(new Panels(of._x.Data, step), of._weights, of._bias.Data, new Panels(of._y.Data, step), null, rows, panels);
        }
    }
}
