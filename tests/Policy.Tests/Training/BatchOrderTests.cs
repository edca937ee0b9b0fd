using Rlhf.Policies.Randomness;
using Rlhf.Policies.Training;

namespace Rlhf.Policies.Tests.Training;

public sealed class BatchOrderTests
{
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 1003).Select(i => 1 + i * 7919 % 97)];

    [Fact]
    public void At_OneEpoch_HoldsEveryItemOnce()
    {
        var order = new BatchOrder(Lengths, 10, seed: 1);
        Assert.Equal(101, order.BatchesPerEpoch);
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var items = Enumerable.Range(epoch * 101, 101).SelectMany(step => order.At(step)).ToArray();
            Assert.Equal(Enumerable.Range(0, 1003), items.Order());
        }
    }

    [Fact]
    public void At_AskedInAnyOrder_AnswersTheSame()
    {
        var forward = new BatchOrder(Lengths, 10, seed: 1);
        var all = Enumerable.Range(0, 303).Select(step => forward.At(step).ToArray()).ToArray();
        foreach (var step in new[] { 302, 5, 150, 0 }) Assert.Equal(all[step], new BatchOrder(Lengths, 10, seed: 1).At(step));
    }

    [Fact]
    public void At_OtherSeedOrEpoch_IsAnotherOrder()
    {
        var order = new BatchOrder(Lengths, 10, seed: 1);
        Assert.NotEqual(order.At(0), new BatchOrder(Lengths, 10, seed: 2).At(0));
        Assert.NotEqual(order.At(0), order.At(101));
    }

    [Fact]
    public void At_LengthsOfABatch_AreClose()
    {
        var order = new BatchOrder(Lengths, 10, seed: 1);
        var padded = Enumerable.Range(0, 101).Sum(step => order.At(step).Max(i => Lengths[i]) * order.At(step).Count);
        // Random batches of ten would pad these lengths, 1 to 97, by 80%.
        Assert.InRange(padded / (double)Lengths.Sum(), 1, 1.1);
    }

    [Fact]
    public void At_ItemsOfEqualLength_MeetDifferentNeighboursEachEpoch()
    {
        var order = new BatchOrder(new int[100], 10, seed: 3);
        var first = Enumerable.Range(0, 10).Select(step => order.At(step).ToArray()).Single(batch => batch.Contains(0));
        var second = Enumerable.Range(10, 10).Select(step => order.At(step).ToArray()).Single(batch => batch.Contains(0));
        Assert.InRange(first.Intersect(second).Count(), 1, 6);
    }

    [Fact]
    public void Permutation_ThreeItems_AllSixOrdersAreEquallyLikely()
    {
        var counts = Enumerable.Range(0, 6000).Select(epoch => string.Concat(CounterShuffle.Permutation(3, seed: 11, epoch))).CountBy(order => order).ToArray();
        Assert.Equal(6, counts.Length);
        // Chi-square with 5 degrees of freedom is above 20.5 once in a thousand.
        Assert.InRange(counts.Sum(pair => Math.Pow(pair.Value - 1000, 2) / 1000), 0, 20.5);
    }

    [Fact]
    public void Split_TokenLimit_HoldsForEveryPart()
    {
        int[] lengths = [5, 1, 9, 4, 4, 30, 2];
        var parts = MicroBatches.Split(Enumerable.Range(0, 7), i => lengths[i], 16);
        Assert.Equal([[5], [2], [0, 3, 4], [6, 1]], parts);
    }
}
