using System.Runtime.CompilerServices;

namespace Rlhf.Policies.Kernels;

/// <summary>Rows of tables [n, width] as PyTorch keeps them: looked up and added together, and their gradients added back.</summary>
internal static unsafe class EmbeddingRows
{
    /// <summary>x[row] = tokens[token of the row] + positions[position of the row].</summary>
    /// <param name="tokens">[V, width], float32 or, where narrow, bfloat16</param>
    /// <param name="tokenOf">[rows]</param>
    /// <param name="positions">[P, width], of the same type; null: nothing is added</param>
    /// <param name="positionOf">[rows]</param>
    /// <param name="width">of both tables</param>
    /// <param name="isNarrow">whether they are bfloat16</param>
    /// <param name="x">[rows, width]</param>
    /// <param name="rows">to do</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LookUp(void* tokens, int* tokenOf, void* positions, int* positionOf, int width, bool isNarrow, Panels x, Extent rows)
    {
        for (var row = rows.First; row < rows.End; row++)
        {
            long token = (long)tokenOf[row] * width, position = positions is null ? 0 : (long)positionOf[row] * width;
            for (var column = 0; column < Panels.Padded(width); column += Panels.Chunk)
            {
                var to = x.At(row, column / Panels.Chunk);
                var count = Math.Clamp(width - column, 0, Panels.Chunk);
                for (var i = 0; i < count; i++)
                    to[i] = positions is null ? At(tokens, token + column + i, isNarrow) : At(tokens, token + column + i, isNarrow) + At(positions, position + column + i, isNarrow);
                for (var i = count; i < Panels.Chunk; i++) to[i] = 0;
            }
        }
    }

    /// <summary>table[place of the row] += gradient[row], row after row, for one chunk of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddGradient(Panels gradient, int* placeOf, int rows, float* table, int width, int chunk)
    {
        var first = chunk * Panels.Chunk;
        var from = gradient.At(0, chunk);
        var count = Math.Min(Panels.Chunk, width - first);
        for (var row = 0; row < rows; row++, from += Panels.Chunk)
        {
            var to = table + (long)placeOf[row] * width + first;
            for (var i = 0; i < count; i++) to[i] += from[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float At(void* table, long place, bool isNarrow) =>
        isNarrow ? BitConverter.UInt32BitsToSingle((uint)((ushort*)table)[place] << 16) : ((float*)table)[place];
}
