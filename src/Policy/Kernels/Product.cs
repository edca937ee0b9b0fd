using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>y = x·W + b (+ r), for some rows and some panels of columns.</summary>
internal static unsafe class Product
{
    /// <summary>Rows that go through all panels before the next do: what is read again and again of them stays in the nearer caches.</summary>
    public const int RowBlock = 96;

    /// <summary>Inner indices that all these rows go through before the next: their weights then stay in the nearest cache.</summary>
    private const int InnerBlock = 256;

    /// <param name="x">[rows, K]</param>
    /// <param name="weights">[K, columns]</param>
    /// <param name="bias">[columns]</param>
    /// <param name="y">[rows, columns]</param>
    /// <param name="add">[rows, columns], laid out as y, which it may be; null: nothing is added</param>
    /// <param name="rows">to do</param>
    /// <param name="panels">to do, of 32 columns each</param>
    public static void Run(Panels x, PackedMatrix weights, float* bias, Panels y, float* add, Extent rows, Extent panels)
    {
        if (Vector512.IsHardwareAccelerated) Run<Lanes512>(x, weights, bias, y, add, rows, panels);
        else if (Vector256.IsHardwareAccelerated) Run<Lanes256>(x, weights, bias, y, add, rows, panels);
        else Run<Lanes128>(x, weights, bias, y, add, rows, panels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run<L>(Panels x, PackedMatrix weights, float* bias, Panels y, float* add, Extent rows, Extent panels)
        where L : struct, ILanes<L>
    {
        for (var row = rows.First; row < rows.End; row += RowBlock)
        {
            var count = Math.Min(RowBlock, rows.End - row);
            for (var panel = panels.First; panel < panels.End; panel++)
            {
                for (var first = 0; first < weights.Inner; first += InnerBlock)
                {
                    var inner = Math.Min(InnerBlock, weights.Inner - first);
                    var factors = new ProductTiles.Factors(x.ChunkStep, inner / Panels.Chunk, PackedMatrix.Width, L.Count);
                    for (var column = 0; column < PackedMatrix.Width; column += 2 * L.Count)
                    {
                        var output = y.Output<L>(row, 2 * panel, column, first == 0 ? add : null, first > 0);
                        ProductTiles.Run<L>(count, factors, x.At(row, first / Panels.Chunk), weights.Panel(panel) + (long)first * PackedMatrix.Width + column, bias + panel * PackedMatrix.Width + column, output);
                    }
                }
            }
        }
    }
}
