using Rlhf.Policies.Randomness;

namespace Rlhf.Policies.Tests.Randomness;

public sealed class CounterRandomTests
{
    // kat_vectors of the Random123 distribution, "philox4x32 10".
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Philox_PublishedVectors_AreMet(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint e0, uint e1, uint e2, uint e3) =>
        Assert.Equal(new CounterRandom.Words(e0, e1, e2, e3), CounterRandom.Philox(new CounterRandom.Words(c0, c1, c2, c3), k0, k1));

    [Fact]
    public void Uniform_AnyPartOfTheKeyChanged_IsAnotherNumber()
    {
        var key = new RandomKey(1, 2, 3, 4);
        RandomKey[] others = [key with { Seed = 5 }, key with { Seed = 1UL << 40 | 1 }, key with { Step = 5 }, key with { Prompt = 5 }, key with { Prompt = 3 | 1L << 40 }, key with { Sample = 5 }];
        var numbers = others.Select(other => CounterRandom.Uniform(other, 0)).Append(CounterRandom.Uniform(key, 0)).Append(CounterRandom.Uniform(key, 1)).ToArray();
        Assert.Equal(numbers.Length, numbers.Distinct().Count());
        Assert.Equal(CounterRandom.Uniform(key, 0), CounterRandom.Uniform(new RandomKey(1, 2, 3, 4), 0));
    }

    [Fact]
    public void Uniform_ManyDraws_FillTheUnitIntervalEvenly()
    {
        var counts = new int[16];
        for (var i = 0; i < 16_000; i++) counts[(int)(CounterRandom.Uniform(new RandomKey(7, i % 4, i / 4 % 100, i / 400), (uint)(i % 13)) * 16)]++;
        // Chi-square with 15 degrees of freedom is above 37.7 once in a thousand.
        Assert.InRange(counts.Sum(count => Math.Pow(count - 1000, 2) / 1000), 2, 37.7);
    }
}
