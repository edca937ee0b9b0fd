using System.Runtime.CompilerServices;
using Rlhf.Foundation.Torch;

namespace Rlhf.Policies.Kernels;

/// <summary><see cref="WeightGradient"/> of factors in bfloat16, with sums in float32, multiplied by libtorch.</summary>
internal static unsafe class NarrowWeightGradient
{
    /// <summary>Code is made for each number of rows: they are filled up with zeros to few numbers.</summary>
    private const int RowStep = 64;

    /// <param name="outputs">g [rows, outputs]</param>
    /// <param name="inputs">x [rows, inputs]</param>
    /// <param name="rows">of both</param>
    /// <param name="outputMap">where the chunks of outputs stand in W's rows</param>
    /// <param name="inputMap">where the chunks of inputs stand in W's columns</param>
    /// <param name="to">dW</param>
    /// <param name="chunks">of outputs to do</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(Panels outputs, Panels inputs, int rows, ChunkMap outputMap, ChunkMap inputMap, float* to, Extent chunks)
    {
        const int Most = WeightGradient.RowBlock;
        var memory = (nint)Scratch.Take((chunks.Count + 1) * Panels.Chunk * Most / 2);
        ushort* turned = (ushort*)memory, pairs = turned + chunks.Count * Panels.Chunk * Most;
        for (var row = 0; row < rows; row += Most)
        {
            var count = Math.Min(Most, rows - row);
            var filled = (count + RowStep - 1) / RowStep * RowStep;
            if (filled > count) new Span<ushort>(turned, (chunks.Count + 1) * Panels.Chunk * Most).Clear();
            for (var chunk = 0; chunk < chunks.Count; chunk++) Narrow.Turned(outputs.At(row, chunks.First + chunk), count, turned + chunk * Panels.Chunk * Most, Most);
            for (var input = 0; input < inputMap.Count; input++)
            {
                var (column, columns) = inputMap[input];
                if (columns == 0) continue;
                Narrow.Pairs(inputs.At(row, input), Panels.Chunk, count, pairs);
                for (var chunk = 0; chunk < chunks.Count;)
                {
                    var (first, height, taken) = Together(outputMap, chunks.From(chunks.First + chunk, chunks.Count));
                    if (height > 0) BFloat16Products.Run(height, columns, filled, turned + chunk * Panels.Chunk * Most, Most, pairs, Panels.Chunk, to + (long)first * inputMap.Length + column, inputMap.Length, adds: true);
                    chunk += taken;
                }
            }
        }

        BFloat16Products.End();
    }

    // Chunks whose outputs follow one another in W, and how many outputs these are.
    private static (int First, int Height, int Chunks) Together(ChunkMap map, Extent chunks)
    {
        var (first, height) = map[chunks.First];
        var taken = 1;
        while (height == taken * Panels.Chunk && taken < chunks.Count && map[chunks.First + taken] is var (next, count) && count > 0 && next == first + height) (height, taken) = (height + count, taken + 1);
        return (first, height, taken);
    }
}
