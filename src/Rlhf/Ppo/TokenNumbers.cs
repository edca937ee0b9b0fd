using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>K numbers for each response token of some episodes, side by side without padding.</summary>
/// <param name="numbers">[K,N]</param>
/// <param name="rows">The episodes in the order in which their tokens stand there.</param>
internal sealed class TokenNumbers(Tensor numbers, int[] rows)
{
    public Tensor Numbers { get; } = numbers;

    public int[] Rows { get; } = rows;

    /// <summary>The K rows of numbers.</summary>
    public float[][] ToHost()
    {
        using var scope = NewDisposeScope();
        return [.. Numbers.cpu().unbind(0).Select(row => row.data<float>().ToArray())];
    }

    /// <summary>Those of some episodes, which are numbered anew in this order.</summary>
    /// <param name="lengths">tokens of every episode, by its number so far</param>
    public TokenNumbers Take(IReadOnlyList<int> wanted, IReadOnlyList<int> lengths)
    {
        using var scope = NewDisposeScope();
        var starts = new Dictionary<int, int>();
        var next = 0;
        foreach (var row in Rows)
        {
            starts[row] = next;
            next += lengths[row];
        }

        var places = wanted.SelectMany(row => Enumerable.Range(starts[row], lengths[row]).Select(place => (long)place)).ToArray();
        return new TokenNumbers(Numbers.index_select(1, tensor(places).On(Numbers.device)).MoveToOuterDisposeScope(), [.. Enumerable.Range(0, wanted.Count)]);
    }

    /// <summary>Those of other episodes behind these.</summary>
    /// <param name="count">episodes that are numbered so far</param>
    public TokenNumbers And(TokenNumbers others, int count) =>
        new(cat([Numbers, others.Numbers], 1), [.. Rows, .. others.Rows.Select(row => count + row)]);

    /// <param name="parts">of each process, K rows</param>
    /// <param name="rows">of all parts, one after the other</param>
    /// <param name="device">where the numbers are wanted</param>
    public static TokenNumbers FromHost(float[][][] parts, int[] rows, Device device)
    {
        using var scope = NewDisposeScope();
        var kinds = parts[0].Length;
        var all = stack(Enumerable.Range(0, kinds).Select(kind => tensor(parts.SelectMany(part => part[kind]).ToArray()).On(device)));
        return new TokenNumbers(all.MoveToOuterDisposeScope(), rows);
    }
}
