using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rlhf.Foundation.Torch;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// A product whose factors are bfloat16 and whose sums are float32, multiplied by libtorch: a block of rows is rounded once for all
/// panels. An element is a sum in an order that does not depend on the rows beside it.
/// </summary>
/// <param name="x">[rows, K]</param>
/// <param name="weights">[K, columns]; of others than bfloat16 it has nothing to do</param>
/// <param name="memory">of <see cref="Size"/>, for the rows of a block</param>
internal readonly unsafe struct NarrowProduct(Panels x, PackedMatrix weights, float* memory)
{
    private readonly ushort* _rows = (ushort*)memory;

    /// <summary>float32 numbers that a block of rows takes.</summary>
    public static int Size(PackedMatrix weights) => weights.IsNarrow ? Product.RowsOfABlock(weights) * weights.Inner / 2 : 0;

    /// <summary>Goes on with these rows.</summary>
    public void Begin(Extent rows)
    {
        if (weights.IsNarrow) Narrow.Rows(x, rows, weights.Inner / Panels.Chunk, _rows);
    }

    /// <summary>y = x·W + b (+ r) of the rows, in a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Panel(float* bias, Panels y, float* add, Extent rows, int panel)
    {
        for (var chunk = 2 * panel; chunk < 2 * panel + 2; chunk++)
        {
            var (to, count) = ((nint)y.At(rows.First, chunk), rows.Count * Panels.Chunk);
            var start = bias is null ? Vector512<float>.Zero : Vector512.Load(bias + chunk * Panels.Chunk);
            var there = add is null ? null : add + ((float*)to - y.Data);
            var goesOn = bias is not null || there is not null;
            for (var at = 0; goesOn && at < count; at += Panels.Chunk) (there is null ? start : Vector512.Load(there + at) + start).Store((float*)to + at);
            // Code is made for each number of rows, and kept: they come in few numbers.
            var whole = rows.Count / Panels.Chunk * Panels.Chunk;
            Multiply(0, whole, chunk, (float*)to, goesOn);
            Multiply(whole, rows.Count - whole, chunk, (float*)to, goesOn);
        }
    }

    public void End()
    {
        if (weights.IsNarrow) BFloat16Products.End();
    }

    private void Multiply(int first, int count, int chunk, float* to, bool goesOn)
    {
        if (count > 0) BFloat16Products.Run(count, Panels.Chunk, weights.Inner, _rows + first * weights.Inner, weights.Inner, weights.NarrowChunk(chunk), Panels.Chunk, to + first * Panels.Chunk, Panels.Chunk, goesOn);
    }
}
