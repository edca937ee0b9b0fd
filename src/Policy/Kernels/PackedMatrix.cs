namespace Rlhf.Policies.Kernels;

/// <summary>
/// A factor of products in the order in which tiles read it: panels of 32 columns, in each one inner index after the other. In bfloat16
/// (narrow), as libtorch's product reads it: chunks of 16 columns, in each one pair of inner indices after the other. Columns and inner
/// dimension are filled up with zeros to whole panels.
/// </summary>
/// <param name="inner">K, a multiple of 32</param>
/// <param name="columns">a multiple of 32</param>
/// <param name="isNarrow">whether in bfloat16</param>
internal sealed unsafe class PackedMatrix(int inner, int columns, bool isNarrow) : IDisposable
{
    /// <summary>Columns of a panel: two chunks.</summary>
    public const int Width = 2 * Panels.Chunk;

    private readonly NativeBuffer _memory = new((long)inner * columns / (isNarrow ? 2 : 1));

    /// <summary>K.</summary>
    public int Inner { get; } = inner;

    public int Columns { get; } = columns;

    public bool IsNarrow { get; } = isNarrow;

    public int PanelCount => Columns / Width;

    /// <summary>[K, 32] float32.</summary>
    public float* Panel(int panel) => _memory.Data + (long)panel * Width * Inner;

    /// <summary>[K/2, 16, 2] bfloat16.</summary>
    public ushort* NarrowChunk(int chunk) => (ushort*)_memory.Data + (long)chunk * Panels.Chunk * Inner;

    public void Dispose() => _memory.Dispose();
}
