using Rlhf.Policies.Sft;

namespace Rlhf.Policies.Tests.Sft;

public sealed class PackingTests
{
    [Fact]
    public void Pack_DocumentsOfKnownLengths_GoWhereTheyLeaveTheLeastRoom()
    {
        // Of 10: 7 and 6 open rows, 4 fits behind 6 exactly, 3 behind 7 exactly, 2 and 2 open a third.
        var rows = Packing.Pack([Document(2), Document(7), Document(3), Document(6), Document(2), Document(4)], 10);
        Assert.Equal([[7, 7, 7, 7, 7, 7, 7, 3, 3, 3], [6, 6, 6, 6, 6, 6, 4, 4, 4, 4], [2, 2, 2, 2]], rows.Select(row => row.Tokens));
    }

    [Fact]
    public void Pack_CountedTokens_AreThoseOfTheDocumentsWithoutTheirFirst()
    {
        SftExample[] documents = [new([5, 6, 7], [true, true, true]), new([8, 9], [false, true])];
        var row = Assert.Single(Packing.Pack(documents, 5));
        Assert.Equal([5, 6, 7, 8, 9], row.Tokens);
        Assert.Equal([false, true, true, false, true], row.Counted);
        Assert.Equal(documents.Sum(SftLoss.Counted), SftLoss.Counted(row));
    }

    [Fact]
    public void Pack_ManyDocuments_FillsRowsAndLosesNone()
    {
        SftExample[] documents = [.. Enumerable.Range(0, 500).Select(i => Document(1 + i * 37 % 60))];
        var rows = Packing.Pack(documents, 128);
        Assert.All(rows, row => Assert.InRange(row.Tokens.Length, 1, 128));
        Assert.Equal(documents.SelectMany(document => document.Tokens).Order(), rows.SelectMany(row => row.Tokens).Order());
        Assert.True(rows.Sum(row => row.Tokens.Length) > 0.98 * 128 * rows.Count);
    }

    private static SftExample Document(int length) => new([.. Enumerable.Repeat(length, length)], [.. Enumerable.Repeat(true, length)]);
}
