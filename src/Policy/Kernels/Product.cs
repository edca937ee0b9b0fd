using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>What becomes of a panel of a product as soon as it is there.</summary>
internal interface IPanelUse
{
    /// <param name="part">[rows, columns], of which only the panel is there, for the length of the call</param>
    /// <param name="rows">which are there, at most <see cref="Product.RowsOfABlock"/></param>
    /// <param name="panel">which is there</param>
    void Do(Panels part, Extent rows, int panel);
}

/// <summary>y = x·W + b (+ r), for some rows and some panels of columns.</summary>
internal static unsafe class Product
{
    /// <summary>Rows that go through all panels before the next do: what is read again and again of them stays in the nearer caches. In bfloat16 they take half the room, and weights come too often for fewer.</summary>
    private const int RowBlock = 96, NarrowRowBlock = 192;

    /// <summary>Inner indices that all these rows go through before the next: their weights then stay in the nearest cache.</summary>
    private const int InnerBlock = 256;

    private static readonly float* s_zeros = Zeros();

    /// <param name="x">[rows, K]</param>
    /// <param name="weights">[K, columns]</param>
    /// <param name="bias">[columns]; null: none</param>
    /// <param name="y">[rows, columns]</param>
    /// <param name="add">[rows, columns], laid out as y, which it may be; null: nothing is added</param>
    /// <param name="rows">to do</param>
    /// <param name="panels">to do, of 32 columns each</param>
    public static void Run(Panels x, PackedMatrix weights, float* bias, Panels y, float* add, Extent rows, Extent panels)
    {
        var narrow = new NarrowProduct(x, weights, Scratch.Take(NarrowProduct.Size(weights)));
        var most = RowsOfABlock(weights);
        for (var first = rows.First; first < rows.End; first += most)
        {
            var block = rows.From(first, most);
            narrow.Begin(block);
            for (var panel = panels.First; panel < panels.End; panel++) Panel(narrow, x, weights, bias, y, add, block, panel);
        }

        narrow.End();
    }

    /// <summary>The same for what does not last: each panel of each block of rows is given away as soon as it is there.</summary>
    public static void Run<TUse>(Panels x, PackedMatrix weights, float* bias, Extent rows, Extent panels, TUse use)
        where TUse : struct, IPanelUse
    {
        var most = RowsOfABlock(weights);
        var step = most * Panels.Chunk;
        var memory = (nint)Scratch.Take(2 * step + NarrowProduct.Size(weights));
        var narrow = new NarrowProduct(x, weights, (float*)memory + 2 * step);
        for (var first = rows.First; first < rows.End; first += most)
        {
            var block = rows.From(first, most);
            narrow.Begin(block);
            for (var panel = panels.First; panel < panels.End; panel++)
            {
                var part = new Panels((float*)memory - block.First * Panels.Chunk - 2L * panel * step, step);
                Panel(narrow, x, weights, bias, part, null, block, panel);
                use.Do(part, block, panel);
            }
        }

        narrow.End();
    }

    /// <summary>So many at most.</summary>
    public static int RowsOfABlock(PackedMatrix weights) => weights.IsNarrow ? NarrowRowBlock : RowBlock;

    private static void Panel(NarrowProduct narrow, Panels x, PackedMatrix weights, float* bias, Panels y, float* add, Extent rows, int panel)
    {
        if (weights.IsNarrow) narrow.Panel(bias, y, add, rows, panel);
        else if (Vector512.IsHardwareAccelerated) Panel<Lanes512>(x, weights, bias, y, add, rows, panel);
        else if (Vector256.IsHardwareAccelerated) Panel<Lanes256>(x, weights, bias, y, add, rows, panel);
        else Panel<Lanes128>(x, weights, bias, y, add, rows, panel);
    }

    // 32 of them.
    private static float* Zeros()
    {
        var zeros = (float*)NativeMemory.AlignedAlloc(PackedMatrix.Width * sizeof(float), 64);
        new Span<float>(zeros, PackedMatrix.Width).Clear();
        return zeros;
    }

    /// <summary>A panel of at most so many rows as a block has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Panel<L>(Panels x, PackedMatrix weights, float* bias, Panels y, float* add, Extent rows, int panel)
        where L : struct, ILanes<L>
    {
        var start = bias is null ? s_zeros : bias + panel * PackedMatrix.Width;
        for (var first = 0; first < weights.Inner; first += InnerBlock)
        {
            var inner = Math.Min(InnerBlock, weights.Inner - first);
            var factors = new ProductTiles.Factors(x.ChunkStep, inner / Panels.Chunk, PackedMatrix.Width, L.Count);
            for (var column = 0; column < PackedMatrix.Width; column += 2 * L.Count)
            {
                var output = y.Output<L>(rows.First, 2 * panel, column, first == 0 ? add : null, first > 0);
                ProductTiles.Run<L>(rows.Count, factors, x.At(rows.First, first / Panels.Chunk), weights.Panel(panel) + (long)first * PackedMatrix.Width + column, start + column, output);
            }
        }
    }
}
