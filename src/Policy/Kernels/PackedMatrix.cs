namespace Rlhf.Policies.Kernels;

/// <summary>
/// A factor of products in the order in which tiles read it: panels of 32 columns, in each one inner index after the other.
/// Columns and inner dimension are filled up with zeros to whole panels.
/// </summary>
/// <param name="inner">K, a multiple of 32</param>
/// <param name="columns">a multiple of 32</param>
internal sealed unsafe class PackedMatrix(int inner, int columns) : IDisposable
{
    /// <summary>Columns of a panel: two chunks.</summary>
    public const int Width = 2 * Panels.Chunk;

    private readonly NativeBuffer _memory = new((long)inner * columns);

    /// <summary>K.</summary>
    public int Inner { get; } = inner;

    public int Columns { get; } = columns;

    public int PanelCount => Columns / Width;

    public float* Panel(int panel) => _memory.Data + (long)panel * Width * Inner;

    public void Dispose() => _memory.Dispose();
}
