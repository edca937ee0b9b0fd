using Rlhf.Foundation;
using Rlhf.Policies.Families;
using static TorchSharp.torch;

namespace Rlhf.Policies.Checkpoints;

/// <summary>
/// Gives a model under construction its parameters from a checkpoint's tensors: renamed, stacked, turned, converted.
/// A tensor is let go as soon as it was used, so that both forms of a model are never held at once.
/// </summary>
internal sealed class WeightReader
{
    private readonly TransformerConfig _config;
    private readonly ModelFamily _family;
    private readonly string _folder;
    private readonly Dictionary<string, Tensor> _tensors;
    private readonly Dictionary<string, WeightSlot> _slots;
    private readonly Device _device;
    private readonly ScalarType _type;

    public WeightReader(TransformerConfig config, string folder, Dictionary<string, Tensor> tensors, Device device, ScalarType type)
    {
        (_config, _folder, _tensors, _device, _type) = (config, folder, tensors, device, type);
        _family = ModelFamily.Of(config.Family, folder);
        _slots = _family.Slots(config).ToDictionary(slot => slot.Name, StringComparer.Ordinal);
        RefuseMoreLayers();
    }

    /// <summary>A parameter of the trunk by our name.</summary>
    public Tensor Trunk(string name, long[] shape)
    {
        using var scope = NewDisposeScope();
        var slot = _slots[name];
        var parts = slot.Sources.Select(Find).ToArray();
        var rows = parts.Sum(part => Turned(part.Shape, slot.Layout)[0]);
        foreach (var part in parts)
        {
            long[] turned = Turned(part.Shape, slot.Layout);
            if (turned.Length != shape.Length || !turned.AsSpan(1).SequenceEqual(shape.AsSpan(1)) || rows != shape[0])
                throw WrongShape(part.Name, part.Shape, parts.Length == 1 ? Turned(shape, slot.Layout) : null, shape, rows);
        }

        var tensors = parts.Select(part => part.Tensor.to(_type, _device)).ToArray();
        var whole = tensors.Length == 1 ? tensors[0] : cat(tensors);
        var result = slot.Layout switch
        {
            WeightLayout.Transposed when whole.dim() == 2 => whole.t().contiguous(),
            WeightLayout.HeadByHead => ByKind(whole, _config),
            _ => whole.contiguous(),
        };
        return Released(parts, result).MoveToOuterDisposeScope();
    }

    /// <summary>The output matrix, whose name has no prefix.</summary>
    public Tensor Head(string name, long[] shape) => OptionalHead(name, shape)
        ?? throw new RlhfException($"{_folder}: the weights lack '{name}', and config.json does not tie it to the token embedding");

    /// <summary>Score heads [K, D] for whatever K there is.</summary>
    public Tensor? OptionalScore(string name, long width) =>
        OptionalHead(name, [_tensors.TryGetValue(name, out var tensor) && tensor.dim() == 2 ? tensor.shape[0] : 1, width]);

    public Tensor? OptionalHead(string name, long[] shape)
    {
        if (!_tensors.TryGetValue(name, out var tensor)) return null;
        using var scope = NewDisposeScope();
        if (!tensor.shape.AsSpan().SequenceEqual(shape)) throw WrongShape(name, tensor.shape, shape, shape, shape[0]);
        return Released([(name, tensor, shape)], tensor.to(_type, _device).contiguous()).MoveToOuterDisposeScope();
    }

    /// <summary>The family's name of its output matrix.</summary>
    public string HeadName => _family.HeadName;

    /// <summary>Rows from head by head (q, k, v of head 0, of head 1, …) to all q, all k, all v.</summary>
    public static Tensor ByKind(Tensor rows, TransformerConfig config) => Swapped(rows, config.Heads, 3, config.HeadWidth);

    /// <summary>The way back.</summary>
    public static Tensor ByHead(Tensor rows, TransformerConfig config) => Swapped(rows, 3, config.Heads, config.HeadWidth);

    private static Tensor Swapped(Tensor rows, long outer, long inner, long width) =>
        rows.reshape(outer, inner, width, -1).transpose(0, 1).reshape(rows.shape);

    private (string Name, Tensor Tensor, long[] Shape) Find(string name)
    {
        foreach (var candidate in (string[])[_family.Prefix + name, name])
        {
            if (_tensors.TryGetValue(candidate, out var tensor)) return (candidate, tensor, tensor.shape);
        }

        throw new RlhfException($"{_folder}: the weights lack '{_family.Prefix}{name}', which config.json ({_config.Layers} layers) calls for");
    }

    // A parameter may be the loaded tensor itself; anything else is freed.
    private Tensor Released((string Name, Tensor Tensor, long[] Shape)[] parts, Tensor result)
    {
        foreach (var part in parts)
        {
            _tensors.Remove(part.Name);
            if (ReferenceEquals(part.Tensor, result)) continue;
            part.Tensor.Dispose();
        }

        return result;
    }

    private static long[] Turned(long[] shape, WeightLayout layout) =>
        layout == WeightLayout.Transposed && shape.Length == 2 ? [shape[1], shape[0]] : shape;

    private RlhfException WrongShape(string name, long[] found, long[]? expected, long[] whole, long rows) => new(
        $"{_folder}: '{name}' has the shape [{string.Join(", ", found)}], but config.json calls for " +
        (expected is not null ? $"[{string.Join(", ", expected)}]" : $"{whole[0]} rows in all parts together, of which there are {rows}, and [.., {string.Join(", ", whole[1..])}]"));

    // Layers beyond those of the configuration would be dropped in silence.
    private void RefuseMoreLayers()
    {
        var next = _family.Slots(_config with { Layers = _config.Layers + 1 }).Select(slot => slot.Sources[0])
            .Where(source => source.Contains($".{_config.Layers}.", StringComparison.Ordinal)).ToArray();
        foreach (var name in next.SelectMany(name => (string[])[_family.Prefix + name, name]))
        {
            if (_tensors.ContainsKey(name))
                throw new RlhfException($"{_folder}: the weights hold '{name}', but config.json gives the model only {_config.Layers} layers");
        }
    }
}
