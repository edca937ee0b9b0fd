using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// Keys and values of the tokens seen so far, in buffers of fixed capacity written in place.
/// All rows have the same number of columns; a column may be padding in some rows.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly Tensor[] _keys;   // per layer [B, Hkv, capacity, Dh]
    private readonly Tensor[] _values;
    private Tensor _mask;              // [B, capacity] bool: real tokens
    private Tensor _counts;            // [B] int64: real tokens so far, the position of the next one
    private bool _padded;

    public KeyValueCache(TransformerConfig config, long batch, long capacity, Device device, ScalarType type)
    {
        long[] shape = [batch, config.KeyValueHeads, capacity, config.HeadWidth];
        _keys = [.. Enumerable.Range(0, config.Layers).Select(_ => empty(shape, type, device).DetachFromDisposeScope())];
        _values = [.. Enumerable.Range(0, config.Layers).Select(_ => empty(shape, type, device).DetachFromDisposeScope())];
        _mask = ones([batch, capacity], ScalarType.Bool, device).DetachFromDisposeScope();
        _counts = zeros([batch], ScalarType.Int64, device).DetachFromDisposeScope();
        Capacity = capacity;
    }

    public long Batch => _counts.shape[0];

    public long Capacity { get; }

    /// <summary>Columns filled so far, the same for every row.</summary>
    public long Length { get; private set; }

    /// <summary>Keeps the given rows [R] int64, in their order, and forgets the others.</summary>
    public void Compact(Tensor rows)
    {
        using var scope = NewDisposeScope();
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            Keep(ref _keys[layer], rows);
            Keep(ref _values[layer], rows);
        }

        Keep(ref _mask, rows);
        Keep(ref _counts, rows);
    }

    public void Dispose()
    {
        foreach (var buffer in _keys.Concat(_values)) buffer.Dispose();
        _mask.Dispose();
        _counts.Dispose();
    }

    /// <summary>Makes room for the columns of a prompt.</summary>
    internal void Begin(TokenBatch prompts)
    {
        if (Length != 0) throw new InvalidOperationException("a prompt goes into an empty cache");
        Reserve(prompts.Length);
        using var scope = NewDisposeScope();
        _mask.narrow(1, 0, prompts.Length).copy_(prompts.Mask);
        _counts.add_(prompts.Mask.sum(1, type: ScalarType.Int64));
        _padded = prompts.HasPadding;
    }

    /// <summary>Makes room for n tokens in each row and returns their positions [B, n].</summary>
    internal Tensor Extend(long n)
    {
        Reserve(n);
        var positions = _counts.unsqueeze(1).add(arange(n, dtype: ScalarType.Int64, device: _counts.device));
        _counts.add_(n);
        return positions;
    }

    /// <summary>[B, capacity], true where a column is real; null while every column is.</summary>
    internal Tensor? Mask => _padded ? _mask : null;

    /// <summary>A layer's keys [B, Hkv, capacity, Dh].</summary>
    internal Tensor Keys(int layer) => _keys[layer];

    internal Tensor Values(int layer) => _values[layer];

    private void Reserve(long n)
    {
        if (Length + n > Capacity)
            throw new InvalidOperationException($"the key-value cache holds {Capacity} tokens a row, {Length} are taken and {n} more do not fit");
        Length += n;
    }

    private static void Keep(ref Tensor buffer, Tensor rows)
    {
        var kept = buffer.index_select(0, rows).DetachFromDisposeScope();
        buffer.Dispose();
        buffer = kept;
    }
}
