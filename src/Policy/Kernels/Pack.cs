using System.Runtime.CompilerServices;

namespace Rlhf.Policies.Kernels;

/// <summary>Lays a weight W [outputs, inputs] out as the factor of a product, a panel at a time.</summary>
internal static unsafe class Pack
{
    /// <summary>Wᵀ, for y = x·Wᵀ: columns are outputs.</summary>
    /// <param name="weight">[outputs, inputs]</param>
    /// <param name="outputs">where its rows stand in the chunks of y</param>
    /// <param name="inputs">where its columns stand in the chunks of x</param>
    /// <param name="panel">to do</param>
    /// <param name="at">where it goes [inputs, 32]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transposed(float* weight, ChunkMap outputs, ChunkMap inputs, int panel, float* at)
    {
        var square = stackalloc float[Panels.Chunk * Panels.Chunk];
        for (var input = 0; input < inputs.Count; input++)
        {
            for (var half = 0; half < 2; half++)
            {
                var ((row, rows), (column, columns)) = (outputs[2 * panel + half], inputs[input]);
                var from = weight + (long)row * inputs.Length + column;
                var isWhole = rows == Panels.Chunk && columns == Panels.Chunk;
                if (!isWhole) Square(from, inputs.Length, rows, columns, square);
                Transpose.Chunk(isWhole ? from : square, isWhole ? inputs.Length : Panels.Chunk, at + (long)input * Panels.Chunk * PackedMatrix.Width + half * Panels.Chunk, PackedMatrix.Width);
            }
        }
    }

    /// <summary>W itself, for dx = dy·W: columns are inputs.</summary>
    /// <param name="weight">[outputs, inputs]</param>
    /// <param name="outputs">where its rows stand in the chunks of dy</param>
    /// <param name="inputs">where its columns stand in the chunks of dx</param>
    /// <param name="panel">to do</param>
    /// <param name="at">where it goes [outputs, 32]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Straight(float* weight, ChunkMap outputs, ChunkMap inputs, int panel, float* at)
    {
        for (var output = 0; output < outputs.Count; output++)
        {
            var (row, rows) = outputs[output];
            for (var i = 0; i < Panels.Chunk; i++, at += PackedMatrix.Width)
            {
                for (var half = 0; half < 2; half++)
                {
                    var (column, columns) = inputs[2 * panel + half];
                    var target = new Span<float>(at + half * Panels.Chunk, Panels.Chunk);
                    if (i >= rows) columns = 0;
                    new Span<float>(weight + (long)(row + i) * inputs.Length + column, columns).CopyTo(target);
                    target[columns..].Clear();
                }
            }
        }
    }

    /// <summary>Numbers of the outputs, each where its column is; zeros where there is none.</summary>
    public static void Row(float* from, ChunkMap outputs, float* to)
    {
        for (var chunk = 0; chunk < outputs.Count; chunk++)
        {
            var (first, count) = outputs[chunk];
            var target = new Span<float>(to + chunk * Panels.Chunk, Panels.Chunk);
            if (from is not null) new Span<float>(from + first, count).CopyTo(target);
            target[(from is null ? 0 : count)..].Clear();
        }
    }

    private static void Square(float* from, long step, int rows, int columns, float* square)
    {
        new Span<float>(square, Panels.Chunk * Panels.Chunk).Clear();
        for (var row = 0; row < rows; row++) new Span<float>(from + row * step, columns).CopyTo(new Span<float>(square + row * Panels.Chunk, columns));
    }
}
