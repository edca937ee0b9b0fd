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
    private readonly int? _window;
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
        _window = config.SlidingWindow;
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

    /// <summary>The largest position a row could have, plus one.</summary>
    internal long PositionBound => Length;

    /// <summary>The bias of the last n columns as queries over all columns, after <see cref="Extend"/>.</summary>
    internal Tensor? Bias(long n, Tensor positions, ScalarType type)
    {
        var windowed = _window is { } reach && Length > reach;
        if (n == 1 && !_padded && !windowed) return null;
        var device = _mask.device;
        var columns = arange(Length, dtype: ScalarType.Int64, device: device);
        var hidden = columns.unsqueeze(0).gt(columns.narrow(0, Length - n, n).unsqueeze(1)); // [n, K]
        if (!_padded && !windowed) return AttentionBias.Additive(hidden, type);
        var mask = _mask.narrow(1, 0, Length);
        hidden = hidden.unsqueeze(0).logical_or(mask.logical_not().unsqueeze(1)); // [B, n, K]
        if (windowed)
        {
            var at = mask.cumsum(1, ScalarType.Int64).sub(1).unsqueeze(1);
            hidden = hidden.logical_or(positions.unsqueeze(2).sub(at).ge(_window!.Value));
        }

        return AttentionBias.Additive(hidden, type).unsqueeze(1).unsqueeze(1);
    }

    /// <summary>Writes the newest columns [B, n, Hkv, Dh] of a layer.</summary>
    internal void Write(int layer, Tensor keys, Tensor values)
    {
        var n = keys.shape[1];
        _keys[layer].narrow(2, Length - n, n).copy_(keys.transpose(1, 2));
        _values[layer].narrow(2, Length - n, n).copy_(values.transpose(1, 2));
    }

    /// <summary>All columns of a layer's keys [B, Hkv, K, Dh].</summary>
    internal Tensor Keys(int layer) => _keys[layer].narrow(2, 0, Length);

    internal Tensor Values(int layer) => _values[layer].narrow(2, 0, Length);

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
