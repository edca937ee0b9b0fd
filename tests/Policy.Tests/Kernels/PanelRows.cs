using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Kernels;

/// <summary>A matrix in the kernels' layout, with tensors on both sides.</summary>
internal sealed unsafe class PanelRows : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly ChunkMap _map;
    private readonly int _rows;

    public PanelRows(int rows, ChunkMap map)
    {
        (_rows, _map) = (rows, map);
        _memory = new NativeBuffer((long)rows * map.Count * Panels.Chunk);
        new Span<float>(_memory.Data, (int)_memory.Count).Clear();
    }

    public Panels Panels => new(_memory.Data, (long)_rows * Panels.Chunk);

    public static PanelRows Of(Tensor matrix, ChunkMap? map = null)
    {
        using var scope = NewDisposeScope();
        var numbers = matrix.to(ScalarType.Float32).contiguous().Floats();
        var made = new PanelRows((int)matrix.shape[0], map ?? ChunkMap.Plain((int)matrix.shape[1]));
        made.Each((row, column, at) => *(float*)at = numbers[(long)row * made._map.Length + column]);
        return made;
    }

    public Tensor ToTensor()
    {
        var found = zeros([_rows, _map.Length], ScalarType.Float32);
        var to = (nint)found.Floats();
        Each((row, column, at) => ((float*)to)[(long)row * _map.Length + column] = *(float*)at);
        return found;
    }

    /// <summary>What fills the columns up.</summary>
    public void Fill(float padding)
    {
        for (var chunk = 0; chunk < _map.Count; chunk++)
            for (var row = 0; row < _rows; row++)
                for (var lane = _map[chunk].Count; lane < Panels.Chunk; lane++) Panels.At(row, chunk)[lane] = padding;
    }

    public void Dispose() => _memory.Dispose();

    private void Each(Action<int, int, nint> visit)
    {
        for (var chunk = 0; chunk < _map.Count; chunk++)
            for (var row = 0; row < _rows; row++)
                for (var lane = 0; lane < _map[chunk].Count; lane++) visit(row, _map[chunk].First + lane, (nint)(Panels.At(row, chunk) + lane));
    }
}
