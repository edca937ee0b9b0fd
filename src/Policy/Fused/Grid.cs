using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>Rows by panels of columns, cut into about so many pieces as threads can share evenly.</summary>
internal readonly struct Grid
{
    private const int RowsOfAPiece = 48, PiecesOfAThread = 3;

    private readonly int _rows;
    private readonly int _panels;
    private readonly int _rowParts;
    private readonly int _panelParts;

    public Grid(int rows, int panels, int threads, int rowsOfAPiece = RowsOfAPiece)
    {
        (_rows, _panels) = (rows, panels);
        _rowParts = Math.Clamp(rows / rowsOfAPiece, 1, PiecesOfAThread * threads);
        _panelParts = Math.Clamp((PiecesOfAThread * threads + _rowParts - 1) / _rowParts, 1, panels);
    }

    public int Count => _rows == 0 ? 0 : _rowParts * _panelParts;

    public (Extent Rows, Extent Panels) this[int piece] => (Part(_rows, _rowParts, piece / _panelParts), Part(_panels, _panelParts, piece % _panelParts));

    private static Extent Part(int count, int parts, int part) => new((int)((long)count * part / parts), (int)((long)count * (part + 1) / parts));
}
