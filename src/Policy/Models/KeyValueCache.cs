using Rlhf.Foundation.Torch;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// Keys and values of the tokens seen so far, in buffers of fixed size written in place. A token's column is its
/// position in its own row, so that nothing in a row depends on the rows beside it; rows come and go.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly Tensor[] _layers; // [rows, 2·Hkv, capacity, Dh], keys before values; in kernels as CachedAttention says
    private readonly Tensor _lengths;  // [rows] int64: columns taken
    private readonly long[] _columns;  // the same, for the host
    private readonly RotarySet _rotary;

    public KeyValueCache(Transformer trunk, long rows, long capacity)
    {
        var (config, device, type) = (trunk.Config, trunk.Embedding.device, trunk.Embedding.dtype);
        // Zeros: what stands in columns not taken yet has no weight, but it has to be finite.
        // Kernels want whole panels and squares, and attend in float32.
        long[] shape = trunk.IsInKernels
            ? [rows, 2 * config.KeyValueHeads, CachedAttention.Columns(capacity), new AttentionHeads(config.Heads, config.KeyValueHeads, config.HeadWidth, 0).Depth]
            : [rows, 2 * config.KeyValueHeads, capacity, config.HeadWidth];
        _layers = [.. Enumerable.Range(0, config.Layers).Select(_ => zeros(shape, trunk.IsInKernels ? ScalarType.Float32 : type, device).DetachFromDisposeScope())];
        _lengths = zeros([rows], ScalarType.Int64, device).DetachFromDisposeScope();
        _columns = new long[rows];
        Capacity = capacity;
        // Its own, and made for all columns at once: a recorded step reads these very tensors, whatever other passes need meanwhile.
        // What stretches with the length of a sequence goes by the longest there may be: keys that are cached are not turned again.
        _rotary = new RotarySet(config, Math.Min(capacity, config.Context));
        for (var layer = 0; layer < config.Layers; layer++) _rotary.Covering(layer, Math.Min(capacity, config.Context), device);
    }

    /// <summary>Columns of each row.</summary>
    public long Capacity { get; }

    /// <summary>Rows in use: the first ones.</summary>
    public int Count { get; private set; }

    /// <summary>Columns that the longest of these rows takes.</summary>
    internal long Longest => _columns.AsSpan(0, Count).ToArray().DefaultIfEmpty().Max();

    /// <summary>Goes on with these rows, in this order; row i is the one that was rows[i].</summary>
    public void Compact(IReadOnlyList<int> rows)
    {
        var moved = Enumerable.Range(0, rows.Count).Where(i => rows[i] != i).ToArray();
        if (moved.Length > 0)
        {
            using var scope = NewDisposeScope();
            var taken = Math.Min(CachedAttention.Columns(moved.Max(i => _columns[rows[i]])), _layers[0].shape[2]);
            var to = tensor(moved, ScalarType.Int64, device: _lengths.device);
            var from = tensor(moved.Select(i => rows[i]).ToArray(), ScalarType.Int64, device: _lengths.device);
            foreach (var buffer in _layers)
            {
                var used = buffer.narrow(2, 0, taken);
                used.index_copy_(0, to, used.index_select(0, from));
            }

            _lengths.index_copy_(0, to, _lengths.index_select(0, from));
            var columns = _columns.ToArray();
            foreach (var i in moved) _columns[i] = columns[rows[i]];
        }

        Count = rows.Count;
    }

    public void Dispose()
    {
        foreach (var buffer in _layers) buffer.Dispose();
        _lengths.Dispose();
        _rotary.Dispose();
    }

    /// <summary>Takes new rows for prompts, which begin at column 0.</summary>
    internal CacheRows Admit(TokenBatch prompts)
    {
        var added = (int)prompts.Count;
        if (Count + added > _columns.Length) throw new InvalidOperationException($"the key-value cache has {_columns.Length} rows, {Count} are taken and {added} more do not fit");
        Fits(prompts.Length);
        if (prompts.HasPadding && !prompts.PaddedAtEnd) throw new ArgumentException("padding has to stand after a prompt here, not before it", nameof(prompts));
        using var scope = NewDisposeScope();
        var lengths = prompts.Lengths.Select(length => (long)length).ToArray();
        _lengths.narrow(0, Count, added).copy_(tensor(lengths).On(_lengths.device));
        lengths.CopyTo(_columns, Count);
        Count += added;
        return new CacheRows(_layers, Count - added, added, null, prompts.Length, _rotary);
    }

    /// <summary>
    /// Notes that n more columns of every row in use are about to be taken; <see cref="Next"/> takes them on the device. A
    /// row that is full stays so: whoever runs ahead of the ends of rows takes these rows out afterwards.
    /// </summary>
    internal void Extend(long n)
    {
        for (var i = 0; i < Count; i++) _columns[i] = Math.Min(_columns[i] + n, Capacity);
    }

    /// <summary>
    /// Takes n more columns in the first rows, of which none in use reaches beyond <paramref name="columns"/>. Nothing here
    /// waits for the device or depends on what the host knows, so it can be recorded.
    /// </summary>
    internal CacheRows Next(long rows, long columns, long n)
    {
        var taken = _lengths.narrow(0, 0, rows);
        // Rows beyond those in use, and rows that are full, write their last columns again and again; each still sees itself.
        var starts = taken.clamp_max(Number.Of(columns - n));
        taken.Add(n);
        return new CacheRows(_layers, 0, rows, starts, columns, _rotary);
    }

    /// <exception cref="InvalidOperationException">There are fewer columns.</exception>
    internal void Fits(long columns)
    {
        if (columns > Capacity) throw new InvalidOperationException($"the key-value cache has {Capacity} columns a row; {columns} do not fit");
    }
}

/// <summary>The rows of a cache that one pass reads and writes, and the columns [B] its tokens begin at; null: at 0.</summary>
internal sealed class CacheRows(Tensor[] layers, long first, long count, Tensor? starts, long columns, RotarySet rotary)
{
    public Tensor? Starts => starts;

    /// <summary>Columns that are read: at least those the longest of the rows takes.</summary>
    public long Columns => columns;

    /// <summary>Angles of the columns.</summary>
    public RotarySet Rotary => rotary;

    /// <summary>As kernels take them.</summary>
    public CacheTarget Target() => new(layers, first);

    /// <summary>[B, 2·Hkv, capacity, Dh].</summary>
    public Tensor Layer(int layer) => layers[layer].narrow(0, first, count);
}
