namespace Rlhf.Ppo;

/// <summary>Orders that depend on a seed and on where the run is, and on nothing else: a resumed run continues them.</summary>
public static class Shuffle
{
    /// <summary>A permutation of 0 … count−1 (Fisher and Yates, with SplitMix64 by Steele et al. 2014).</summary>
    public static int[] Order(int count, ulong seed, long step, long epoch)
    {
        var state = Mix(Mix(Mix(seed) + (ulong)step) + (ulong)epoch);
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            var j = (int)(Math.BigMul(Next(ref state), (ulong)(i + 1), out _));
            (order[i], order[j]) = (order[j], i);
        }

        return order;
    }

    /// <summary>A permutation dealt into parts whose sizes differ by one at most.</summary>
    public static IEnumerable<int[]> Deal(int count, int parts, ulong seed, long step, long epoch)
    {
        var order = Order(count, seed, step, epoch);
        for (var part = 0; part < parts; part++)
            yield return order[(int)((long)count * part / parts)..(int)((long)count * (part + 1) / parts)];
    }

    private static ulong Next(ref ulong state) => Mix(state += 0x9E3779B97F4A7C15);

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
