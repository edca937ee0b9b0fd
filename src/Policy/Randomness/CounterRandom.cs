namespace Rlhf.Policies.Randomness;

/// <summary>
/// Random numbers as a function of a counter: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as
/// 1, 2, 3"). Nothing is remembered between draws, so there is no state to save.
/// </summary>
internal static class CounterRandom
{
    private const uint MultiplierA = 0xD2511F53, MultiplierB = 0xCD9E8D57, WeylA = 0x9E3779B9, WeylB = 0xBB67AE85;

    /// <summary>The number in [0, 1) with 24 random bits that a stream has at a position.</summary>
    public static float Uniform(RandomKey key, uint position) => (Draw(key, position).A >> 8) * (1f / (1 << 24));

    /// <summary>64 random bits.</summary>
    public static ulong Bits(RandomKey key, uint position)
    {
        var drawn = Draw(key, position);
        return drawn.A | (ulong)drawn.B << 32;
    }

    /// <summary>Ten rounds of Philox over four words of counter and two of key.</summary>
    public static Words Philox(Words counter, uint keyA, uint keyB)
    {
        var (a, b, c, d) = counter;
        for (var round = 0; round < 10; round++)
        {
            var left = (ulong)MultiplierA * a;
            var right = (ulong)MultiplierB * c;
            (a, b, c, d) = ((uint)(right >> 32) ^ b ^ keyA, (uint)right, (uint)(left >> 32) ^ d ^ keyB, (uint)left);
            keyA = unchecked(keyA + WeylA);
            keyB = unchecked(keyB + WeylB);
        }

        return new Words(a, b, c, d);
    }

    // A block holds 128 bits of counter and a stream is named by 192 more than its position: step and prompt go through
    // Philox first. For one seed that is a bijection, so different streams never meet in the second block.
    private static Words Draw(RandomKey key, uint position)
    {
        unchecked
        {
            var stream = Philox(new Words((uint)key.Step, (uint)(key.Step >> 32), (uint)key.Prompt, (uint)(key.Prompt >> 32)), (uint)key.Seed, (uint)(key.Seed >> 32));
            return Philox(new Words(position, (uint)key.Sample, stream.C, stream.D), stream.A, stream.B);
        }
    }

    /// <summary>A block of Philox: four words of 32 bits.</summary>
    public readonly record struct Words(uint A, uint B, uint C, uint D);
}
