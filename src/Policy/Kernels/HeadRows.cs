using System.Runtime.CompilerServices;

namespace Rlhf.Policies.Kernels;

/// <summary>One head of the rows of a sequence, laid out anew as a factor of products.</summary>
internal static unsafe class HeadRows
{
    /// <summary>Rows and columns exchanged: panels of 32 rows, in each one column after the other, zeros behind the last row.</summary>
    /// <param name="from">row 0 of the head's first chunk</param>
    /// <param name="chunkStep">to the next</param>
    /// <param name="rows">how many</param>
    /// <param name="chunks">of the head</param>
    /// <param name="to">[panels, columns, 32]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Turn(float* from, long chunkStep, int rows, int chunks, float* to)
    {
        var depth = chunks * Panels.Chunk;
        var square = stackalloc float[Panels.Chunk * Panels.Chunk];
        for (var row = 0; row < Padded(rows); row += Panels.Chunk)
        {
            var panel = to + (long)(row / PackedMatrix.Width) * PackedMatrix.Width * depth + row % PackedMatrix.Width;
            var count = Math.Clamp(rows - row, 0, Panels.Chunk);
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                var source = from + row * Panels.Chunk + chunk * chunkStep;
                if (count < Panels.Chunk)
                {
                    // What stands behind belongs to others.
                    new Span<float>(square, Panels.Chunk * Panels.Chunk).Clear();
                    new Span<float>(source, count * Panels.Chunk).CopyTo(new Span<float>(square, count * Panels.Chunk));
                    source = square;
                }

                Transpose.Chunk(source, Panels.Chunk, panel + (long)chunk * Panels.Chunk * PackedMatrix.Width, PackedMatrix.Width);
            }
        }
    }

    /// <summary>Row after row, zeros behind the last.</summary>
    /// <param name="from">row 0 of the head's first chunk</param>
    /// <param name="chunkStep">to the next</param>
    /// <param name="rows">how many</param>
    /// <param name="chunks">of the head</param>
    /// <param name="to">[rows, columns]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* from, long chunkStep, int rows, int chunks, float* to)
    {
        var depth = chunks * Panels.Chunk;
        for (var row = 0; row < rows; row++)
            for (var chunk = 0; chunk < chunks; chunk++)
                new Span<float>(from + row * Panels.Chunk + chunk * chunkStep, Panels.Chunk).CopyTo(new Span<float>(to + (long)row * depth + chunk * Panels.Chunk, Panels.Chunk));
        new Span<float>(to + (long)rows * depth, (Padded(rows) - rows) * depth).Clear();
    }

    /// <summary>Rows with those that fill up a panel.</summary>
    public static int Padded(int rows) => (rows + PackedMatrix.Width - 1) / PackedMatrix.Width * PackedMatrix.Width;
}
