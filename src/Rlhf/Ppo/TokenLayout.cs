using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// Where the response tokens of a batch stand in [B,T]: each row is a run of real tokens from its start. Lengths are
/// known on the host, so that places are found without asking the device.
/// </summary>
public sealed class TokenLayout
{
    /// <param name="lengths">real tokens of each episode, at least one</param>
    /// <param name="device">where the tensors lie</param>
    public TokenLayout(int[] lengths, Device device)
    {
        Lengths = lengths;
        Width = lengths.Max();
        Device = device;
        using var scope = NewDisposeScope();
        Mask = (Arithmetic.Range(Width, device).unsqueeze(0) < tensor(lengths).On(device).unsqueeze(1)).MoveToOuterDisposeScope();
    }

    public int[] Lengths { get; }

    /// <summary>T</summary>
    public int Width { get; }

    /// <summary>B</summary>
    public int Count => Lengths.Length;

    public int TokenCount => Lengths.Sum();

    public Device Device { get; }

    /// <summary>[B,T] bool</summary>
    public Tensor Mask { get; }

    /// <summary>[N] places of the real tokens of some rows in a flattened [B·T], row after row.</summary>
    public Tensor PlacesOf(IReadOnlyList<int> rows)
    {
        var places = new long[rows.Sum(row => Lengths[row])];
        var next = 0;
        foreach (var row in rows)
            for (var t = 0; t < Lengths[row]; t++)
                places[next++] = (long)row * Width + t;
        return tensor(places).On(Device);
    }

    /// <summary>The real tokens of some rows of a table [B,T], row after row: [N].</summary>
    public Tensor Pick(Tensor table, Tensor places) => table.reshape(Count * Width).index_select(0, places);

    /// <summary>Numbers of the real tokens of all rows, [K,N] in the order of <paramref name="rows"/>, onto [K,B,T] with zeros for padding.</summary>
    public Tensor Spread(Tensor numbers, IReadOnlyList<int> rows)
    {
        using var scope = NewDisposeScope();
        var kinds = numbers.shape[0];
        var places = PlacesOf(rows).unsqueeze(0).expand(kinds, -1);
        return zeros(kinds, (long)Count * Width, dtype: numbers.dtype, device: Device).scatter(1, places, numbers)
            .reshape(kinds, Count, Width).MoveToOuterDisposeScope();
    }
}
