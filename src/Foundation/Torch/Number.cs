using System.Collections.Concurrent;
using TorchSharp;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// Numbers as arguments of tensor operators. A <see cref="Scalar"/> is an object over a native one, and nothing keeps it alive
/// while an operator reads it: its finalizer can come first. These are held on to; the few that a program uses again and
/// again for good, others until as many have followed as no expression holds.
/// </summary>
internal static class Number
{
    private const int KeptForGood = 1024, Recent = 64;

    private static readonly ConcurrentDictionary<long, Scalar> s_real = new();
    private static readonly ConcurrentDictionary<long, Scalar> s_whole = new();

    [ThreadStatic]
    private static (Scalar?[] Ring, int Next) t_recent;

    /// <summary>For tensors of real numbers.</summary>
    public static Scalar Of(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value); // −0 is not 0, and one NaN is like another
        if (s_real.TryGetValue(bits, out var known)) return known;
        // One of the same value that another thread adds first is as good; this one then stays with the thread.
        var scalar = value.ToScalar();
        return s_real.Count < KeptForGood && s_real.TryAdd(bits, scalar) ? scalar : Hold(scalar);
    }

    /// <summary>For tensors of whole numbers, and real ones.</summary>
    public static Scalar Of(long value)
    {
        if (s_whole.TryGetValue(value, out var known)) return known;
        var scalar = value.ToScalar();
        return s_whole.Count < KeptForGood && s_whole.TryAdd(value, scalar) ? scalar : Hold(scalar);
    }

    private static Scalar Hold(Scalar scalar)
    {
        var ring = t_recent.Ring ??= new Scalar?[Recent];
        ref var place = ref ring[t_recent.Next];
        place?.Dispose();
        place = scalar;
        t_recent.Next = (t_recent.Next + 1) % Recent;
        return scalar;
    }
}
