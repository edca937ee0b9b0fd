using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>The logits of a few rows at once, as one draws from them token by token: shared out by columns too.</summary>
internal static unsafe class HeadProducts
{
    /// <summary>[N, V], without a gradient.</summary>
    /// <param name="hidden">[N, D]</param>
    /// <param name="head">[V, D]</param>
    public static Tensor Logits(Tensor hidden, Tensor head)
    {
        using var scope = NewDisposeScope();
        var logits = empty([hidden.shape[0], head.shape[0]], ScalarType.Float32, CPU);
        var to = (nint)logits.Floats();
        Run(hidden, head, (panels, rows, packed) => Write(panels, rows, packed, (float*)to));
        return logits.MoveToOuterDisposeScope();
    }

    /// <summary>A token of each row, drawn by a uniform number, and its log-prob.</summary>
    /// <param name="hidden">[N, D]</param>
    /// <param name="head">[V, D]</param>
    /// <param name="uniforms">[N] in [0, 1)</param>
    /// <param name="scale">1/T</param>
    public static (Tensor Tokens, Tensor LogProbs) Draw(Tensor hidden, Tensor head, Tensor uniforms, double scale)
    {
        using var scope = NewDisposeScope();
        var count = hidden.shape[0];
        Tensor tokens = empty([count], ScalarType.Int64, CPU), logProbs = empty([count], ScalarType.Float32, CPU), given = uniforms.contiguous();
        var (to, of, by) = ((nint)tokens.Longs(), (nint)logProbs.Floats(), (nint)given.Floats());
        Run(hidden, head, (panels, rows, packed) => Kernels.Draw.Tokens(
            new Panels(panels.At(rows.First, 0), panels.ChunkStep), rows.Count, packed.Vocabulary, (float)scale, (float*)by + rows.First, (long*)to + rows.First, (float*)of + rows.First));
        return (tokens.MoveToOuterDisposeScope(), logProbs.MoveToOuterDisposeScope());
    }

    private delegate void Use(Panels logits, Extent rows, PackedHead head);

    private static void Run(Tensor hidden, Tensor head, Use use)
    {
        using var scope = NewDisposeScope();
        var packed = PackedHead.Of(head, backward: false);
        var rows = new LogitRows(hidden.contiguous(), packed);
        var memory = NativePool.Shared.Rent((long)rows.Count * (packed.Inputs.Count + packed.Columns.Count) * Panels.Chunk);
        var read = new Panels(memory.Data, (long)rows.Count * Panels.Chunk);
        var logits = new Panels(memory.Data + (long)rows.Count * packed.Inputs.Count * Panels.Chunk, (long)rows.Count * Panels.Chunk);
        rows.Read(Extent.Of(rows.Count), read, 0);
        var grid = new Grid(rows.Count, packed.Forward.PanelCount, Threads.Count);
        Threads.Share(grid.Count, new Products(packed, read, logits, grid));
        var parts = new Grid(rows.Count, 1, Threads.Count, rowsOfAPiece: 4);
        Threads.Share(parts.Count, new Uses(use, logits, packed, parts));
        NativePool.Shared.Return(memory);
    }

    private static void Write(Panels panels, Extent rows, PackedHead head, float* logits)
    {
        for (var row = rows.First; row < rows.End; row++)
        {
            for (var chunk = 0; chunk < head.Columns.Count; chunk++)
            {
                var (column, count) = head.Columns[chunk];
                new Span<float>(panels.At(row, chunk), count).CopyTo(new Span<float>(logits + (long)row * head.Vocabulary + column, count));
            }
        }
    }

    private readonly struct Products(PackedHead head, Panels hidden, Panels logits, Grid grid) : ITasks
    {
        public void Do(int task)
        {
            var (rows, panels) = grid[task];
            Product.Run(hidden, head.Forward, head.Bias, logits, null, rows, panels);
        }
    }

    private readonly struct Uses(Use use, Panels logits, PackedHead head, Grid grid) : ITasks
    {
        public void Do(int task) => use(logits, grid[task].Rows, head);
    }
}
