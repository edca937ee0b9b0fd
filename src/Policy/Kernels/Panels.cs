using System.Runtime.CompilerServices;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// Rows of float32 numbers in chunks of 16 columns, each chunk of a row a line of cache and each chunk of all rows one piece: a
/// sum over rows reads memory from front to end, as a product over columns does. Columns are filled up with zeros to pairs of chunks.
/// </summary>
/// <param name="data">of row 0, column 0</param>
/// <param name="chunkStep">numbers from a chunk to the next: 16 for each row there is, or more</param>
internal readonly unsafe struct Panels(float* data, long chunkStep)
{
    /// <summary>Columns of a chunk, and numbers from a row to the next.</summary>
    public const int Chunk = 16;

    public readonly float* Data = data;

    public readonly long ChunkStep = chunkStep;

    /// <summary>Chunks for so many columns.</summary>
    public static int Chunks(int columns) => (columns + 2 * Chunk - 1) / (2 * Chunk) * 2;

    /// <summary>Columns with those that fill them up.</summary>
    public static int Padded(int columns) => Chunks(columns) * Chunk;

    /// <summary>Two vectors of columns, the first of them a number of columns behind the beginning of a pair of chunks, as a product's tiles write them.</summary>
    /// <param name="add">see <see cref="Product"/></param>
    public ProductTiles.Output Output<L>(long row, long pair, int column, float* add, bool goesOn = false)
        where L : struct, ILanes<L>
    {
        var to = At(row, pair + column / Chunk) + column % Chunk;
        return new(to, L.Count == Chunk ? ChunkStep : L.Count, add is null ? null : add + (to - Data), goesOn);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* At(long row, long chunk) => Data + row * Chunk + chunk * ChunkStep;
}
