namespace Rlhf.Policies.Kernels;

/// <summary>db += Σ over rows of dy.</summary>
internal static unsafe class BiasGradient
{
    /// <param name="outputs">dy [rows, outputs]</param>
    /// <param name="rows">how many</param>
    /// <param name="map">where the chunks stand in b</param>
    /// <param name="to">db</param>
    /// <param name="chunks">to do</param>
    public static void Run(Panels outputs, int rows, ChunkMap map, float* to, Extent chunks)
    {
        var sums = stackalloc float[Panels.Chunk];
        for (var chunk = chunks.First; chunk < chunks.End; chunk++)
        {
            new Span<float>(sums, Panels.Chunk).Clear();
            var from = outputs.At(0, chunk);
            for (var row = 0; row < rows; row++, from += Panels.Chunk)
                for (var i = 0; i < Panels.Chunk; i++) sums[i] += from[i];
            var (first, count) = map[chunk];
            for (var i = 0; i < count; i++) to[first + i] += sums[i];
        }
    }
}
