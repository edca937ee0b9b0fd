using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>dW += gᵀ·x and db += Σ g: what the rows of a product y = x·Wᵀ + b say of W [outputs, inputs], row by row as PyTorch keeps it.</summary>
internal static unsafe class WeightGradient
{
    /// <summary>Rows at a time: the inputs of a pair of chunks then stay in the nearest cache for all outputs.</summary>
    public const int RowBlock = 512;

    /// <param name="outputs">g [rows, outputs]</param>
    /// <param name="inputs">x [rows, inputs]</param>
    /// <param name="rows">of both</param>
    /// <param name="outputMap">where the chunks of outputs stand in W's rows</param>
    /// <param name="inputMap">where the chunks of inputs stand in W's columns</param>
    /// <param name="isNarrow">whether g and x are rounded to bfloat16 first</param>
    /// <param name="to">dW</param>
    /// <param name="chunks">of outputs to do</param>
    public static void Run(Panels outputs, Panels inputs, int rows, ChunkMap outputMap, ChunkMap inputMap, bool isNarrow, float* to, Extent chunks)
    {
        if (isNarrow) NarrowWeightGradient.Run(outputs, inputs, rows, outputMap, inputMap, to, chunks);
        else if (Vector512.IsHardwareAccelerated) Run<Lanes512>(outputs, inputs, rows, outputMap, inputMap, to, chunks);
        else if (Vector256.IsHardwareAccelerated) Run<Lanes256>(outputs, inputs, rows, outputMap, inputMap, to, chunks);
        else Run<Lanes128>(outputs, inputs, rows, outputMap, inputMap, to, chunks);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run<L>(Panels outputs, Panels inputs, int rows, ChunkMap outputMap, ChunkMap inputMap, float* to, Extent chunks)
        where L : struct, ILanes<L>
    {
        for (var row = 0; row < rows; row += RowBlock)
        {
            var count = Math.Min(RowBlock, rows - row);
            for (var pair = 0; pair < inputMap.Count; pair += 2)
            {
                for (var chunk = chunks.First; chunk < chunks.End; chunk++)
                {
                    var tile = new Tile(to, inputMap.Length, outputMap[chunk], inputMap[pair], inputMap[pair + 1]);
                    Pair<L>(outputs.At(row, chunk), inputs.At(row, pair), inputs.ChunkStep, count, tile);
                }
            }
        }
    }

    // A chunk of outputs by two of inputs.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair<L>(float* outputs, float* inputs, long chunkStep, int rows, Tile tile)
        where L : struct, ILanes<L>
    {
        if (tile.IsWhole)
        {
            Tiles<L>(outputs, inputs, chunkStep, rows, tile.First, tile.Step, tile.Second);
            return;
        }

        // What is filled up has no place in W.
        var whole = stackalloc float[Panels.Chunk * 2 * Panels.Chunk];
        new Span<float>(whole, Panels.Chunk * 2 * Panels.Chunk).Clear();
        tile.Copy(whole, into: true);
        Tiles<L>(outputs, inputs, chunkStep, rows, whole, 2 * Panels.Chunk, Panels.Chunk);
        tile.Copy(whole, into: false);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tiles<L>(float* outputs, float* inputs, long chunkStep, int rows, float* to, long step, long second)
        where L : struct, ILanes<L>
    {
        var height = GradientTiles.Height<L>();
        for (var output = 0; output < Panels.Chunk; output += height)
        {
            var at = to + output * step;
            if (L.Count == Panels.Chunk)
            {
                GradientTiles.Run<L>(outputs + output, inputs, chunkStep, rows, at, step, second);
                continue;
            }

            for (var input = 0; input < Panels.Chunk; input += 2 * L.Count)
            {
                GradientTiles.Run<L>(outputs + output, inputs + input, L.Count, rows, at + input, step, L.Count);
                GradientTiles.Run<L>(outputs + output, inputs + chunkStep + input, L.Count, rows, at + second + input, step, L.Count);
            }
        }
    }

    /// <summary>A chunk of W's rows by two of its columns.</summary>
    private readonly struct Tile(float* weight, int columns, (int First, int Count) rows, (int First, int Count) left, (int First, int Count) right)
    {
        public bool IsWhole => rows.Count == Panels.Chunk && left.Count == Panels.Chunk && right.Count == Panels.Chunk;

        public float* First => weight + (long)rows.First * columns + left.First;

        public long Second => right.First - left.First;

        public long Step => columns;

        /// <summary>Between W and 16 rows of 32 that stand by themselves.</summary>
        public void Copy(float* whole, bool into)
        {
            for (var row = 0; row < rows.Count; row++)
            {
                foreach (var (chunk, at) in stackalloc[] { (left, 0), (right, Panels.Chunk) })
                {
                    Span<float> here = new(whole + row * 2 * Panels.Chunk + at, chunk.Count), there = new(weight + (long)(rows.First + row) * columns + chunk.First, chunk.Count);
                    if (into) there.CopyTo(here);
                    else here.CopyTo(there);
                }
            }
        }
    }
}
