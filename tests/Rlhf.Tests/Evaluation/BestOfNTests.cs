using Rlhf.Evaluation;

namespace Rlhf.Tests.Evaluation;

public sealed class BestOfNTests
{
    [Theory]
    [InlineData(1, 0.0)]
    [InlineData(2, 0.19314718055994530942)]   // ln 2 − 1/2
    [InlineData(4, 0.63629436111989061883)]   // ln 4 − 3/4
    [InlineData(16, 1.83508872223978123766)]  // ln 16 − 15/16
    public void Kl_OfN_IsLogNMinusShare(int n, double expected) => Assert.Equal(expected, BestOfN.Kl(n), 14);

    [Fact]
    public void Expected_OfOne_IsTheMean_AndOfAll_TheValueOfTheBest()
    {
        double[] proxy = [0.3, 0.9, -1], gold = [10, 2, 6];
        Assert.Equal(6.0, BestOfN.Expected(proxy, gold, 1), 12);
        Assert.Equal(2.0, BestOfN.Expected(proxy, gold, 3), 12);
    }

    [Fact]
    public void Expected_OfTwoFromThree_IsTheMeanOverThePairs()
    {
        // pairs by proxy: (0.3, 0.9) → 2, (0.3, −1) → 10, (0.9, −1) → 2
        Assert.Equal(14.0 / 3, BestOfN.Expected([0.3, 0.9, -1], [10, 2, 6], 2), 12);
    }

    [Fact]
    public void Expected_AllTied_IsTheMeanForEveryN() =>
        Assert.All(BestOfN.Expected([1, 1, 1, 1], [4, 0, 2, 6]), value => Assert.Equal(3.0, value, 12));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Expected_EveryN_EqualsEnumerationOfAllSubsets(int seed)
    {
        var random = new Random(seed);
        double[] proxy = [.. Enumerable.Range(0, 12).Select(_ => Math.Round(random.NextDouble() * 5))];   // many ties
        double[] gold = [.. Enumerable.Range(0, 12).Select(_ => random.NextDouble() * 10 - 5)];
        var all = BestOfN.Expected(proxy, gold);
        Assert.Equal(12, all.Length);
        for (var n = 1; n <= 12; n++) Assert.Equal(OverAllSubsets(proxy, gold, n), all[n - 1], 9);
    }

    [Fact]
    public void Expected_ThousandSamples_NeitherOverflowsNorLosesWeight()
    {
        double[] proxy = [.. Enumerable.Range(0, 1000).Select(i => (double)i)];
        double[] ones = [.. proxy.Select(_ => 1.0)];
        Assert.All(BestOfN.Expected(proxy, ones), value => Assert.Equal(1.0, value, 9));
        // the expected maximum of n from 1…N without replacement is n(N+1)/(n+1); these values are 0…N−1
        Assert.Equal(500 * 1001.0 / 501 - 1, BestOfN.Expected(proxy, proxy, 500), 8);
    }

    [Fact]
    public void Expected_NaNProxy_IsRefused() =>
        Assert.Contains("NaN", Assert.Throws<ArgumentException>(() => BestOfN.Expected([1, double.NaN], [1, 2])).Message);

    [Fact]
    public void Expected_MoreThanThereAre_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BestOfN.Expected([1, 2], [1, 2], 3));

    [Fact]
    public void Pick_Ties_TakesTheFirst_AndNeverANaN()
    {
        Assert.Equal(1, BestOfN.Pick([0, 2, 2]));
        Assert.Equal(2, BestOfN.Pick([double.NaN, -3, -1]));
    }

    // Every subset of n by its bits; among tied winners each is as likely.
    private static double OverAllSubsets(double[] proxy, double[] gold, int n)
    {
        double sum = 0;
        var subsets = 0;
        for (var bits = 1; bits < 1 << proxy.Length; bits++)
        {
            if (System.Numerics.BitOperations.PopCount((uint)bits) != n) continue;
            var members = Enumerable.Range(0, proxy.Length).Where(i => (bits >> i & 1) == 1).ToArray();
            var highest = members.Max(i => proxy[i]);
            sum += members.Where(i => proxy[i] == highest).Average(i => gold[i]);
            subsets++;
        }

        return sum / subsets;
    }
}
