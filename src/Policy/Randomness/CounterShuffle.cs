namespace Rlhf.Policies.Randomness;

/// <summary>Permutations that follow from a seed and an epoch alone, so that a resumed run goes on with the same one.</summary>
internal static class CounterShuffle
{
    // Streams of prompts count from 0; those of shuffles stand apart from them.
    private const long Apart = -1;

    /// <summary>0 … count−1 in random order.</summary>
    public static int[] Permutation(int count, ulong seed, long epoch) => Permutation(count, new RandomKey(seed, epoch, Apart, 0));

    internal static int[] Permutation(int count, RandomKey key)
    {
        var order = new int[count];
        for (var i = 0; i < count; i++) order[i] = i;
        Shuffle(order, key);
        return order;
    }

    /// <summary>Fisher and Yates (Knuth, algorithm P), with the bias of 64-bit numbers, which is below 2⁻³².</summary>
    internal static void Shuffle<T>(Span<T> items, RandomKey key)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = (int)Math.BigMul(CounterRandom.Bits(key, (uint)i), (ulong)(i + 1), out _);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    internal static RandomKey Key(ulong seed, long epoch, int stream) => new(seed, epoch, Apart, stream);
}
