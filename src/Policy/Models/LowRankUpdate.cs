using Rlhf.Foundation.Torch;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// What adapters add to one projection. The adapters of its modules are taken together: with A stacked and the Bs on the
/// diagonal of one matrix, the update is two products however many modules there are.
/// </summary>
internal sealed class LowRankUpdate : WeightModule
{
    private readonly LowRankPart[] _parts;
    private readonly double _scale;
    private readonly long _outputs;

    public LowRankUpdate(IEnumerable<LowRankPart> parts, double scale, long outputs) : base(nameof(LowRankUpdate))
    {
        (_parts, _scale, _outputs) = ([.. parts.OrderBy(part => part.Module.Start)], scale, outputs);
        foreach (var part in _parts) register_module(part.Module.ShortName, part);
    }

    public IReadOnlyList<LowRankPart> Parts => _parts;

    /// <summary>Whether the model computes with it.</summary>
    public bool IsOn { get; set; } = true;

    /// <summary>product [N, out] + scale·(rows [N, in]·Aᵀ)·Bᵀ.</summary>
    public Tensor AddTo(Tensor product, Tensor rows) => Layers.Linear(Layers.Linear(rows, Down(), null, null), Up(), null, product);

    /// <summary>The weight [out, in] with the update in it, through which gradients reach A and B: the sum is taken in float32 and rounded once.</summary>
    public Tensor AddedWith(Tensor weight)
    {
        using var scope = NewDisposeScope();
        return Up().to(ScalarType.Float32).mm(Down().to(ScalarType.Float32)).Plus(weight.to(ScalarType.Float32)).to(weight.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>The same as numbers alone.</summary>
    public Tensor AddedTo(Tensor weight)
    {
        using var quiet = no_grad();
        return AddedWith(weight.detach());
    }

    // [R, in], R the ranks of all parts.
    private Tensor Down() => _parts.Length == 1 ? _parts[0].Down : cat([.. _parts.Select(part => (Tensor)part.Down)]);

    // [out, R], scaled.
    private Tensor Up()
    {
        if (_parts.Length == 1 && _parts[0].Module.Rows == _outputs) return _parts[0].Up.mul(Number.Of(_scale));
        var columns = _parts.Sum(part => part.Up.shape[1]);
        var strips = new List<Tensor>();
        long row = 0, column = 0;
        foreach (var part in _parts)
        {
            var (start, rows, rank) = (part.Module.Start, part.Module.Rows, part.Up.shape[1]);
            if (start > row) strips.Add(Empty(start - row, columns));
            strips.Add(cat([Empty(rows, column), part.Up, Empty(rows, columns - column - rank)], 1));
            (row, column) = (start + rows, column + rank);
        }

        if (row < _outputs) strips.Add(Empty(_outputs - row, columns));
        return cat(strips).mul(Number.Of(_scale));
    }

    private Tensor Empty(long rows, long columns) => zeros([rows, columns], _parts[0].Up.dtype, _parts[0].Up.device);
}
