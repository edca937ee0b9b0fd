using Rlhf.Cli.Labels;

namespace Rlhf.Cli.Tests.Labels;

public sealed class AgreementTests
{
    [Fact]
    public void Of_AnnotatorWhoPicksTheLeftNineTimesInTen_HasThatShareAndItsDeviation()
    {
        var pairs = Made.Pairs(10);
        var labels = pairs.Select((pair, i) => i == 0 ? Made.Label("ann", pair, Answer.Second, Side.First) : i % 2 == 0 ? Made.Label("ann", pair, Answer.First, Side.First) : Made.Label("ann", pair, Answer.Second, Side.Second));

        var one = Assert.Single(Agreement.Of([.. labels]).Annotators);

        Assert.Equal(0.9, one.LeftShare, 12);
        Assert.Equal(0.4 / Math.Sqrt(0.25 / 10), one.LeftDeviation, 12);
    }

    [Fact]
    public void Of_TwoAnnotators_CountsWhatBothAnsweredAndLeavesSkipsOut()
    {
        var pairs = Made.Pairs(5);
        LabelEntry[] labels =
        [
            Made.Label("ann", pairs[0], Answer.First), Made.Label("bob", pairs[0], Answer.First),
            Made.Label("ann", pairs[1], Answer.First), Made.Label("bob", pairs[1], Answer.Second),
            Made.Label("ann", pairs[2], Answer.Second), Made.Label("bob", pairs[2], Answer.Second),
            Made.Label("ann", pairs[3], Answer.Skip), Made.Label("bob", pairs[3], Answer.First),
            Made.Label("ann", pairs[4], Answer.Tie),
        ];

        var found = Agreement.Of(labels);

        // p_o = 2/3; ann 2/3 first, bob 1/3 first: p_e = 4/9; κ = (6 − 4)/(9 − 4).
        var both = Assert.Single(found.Pairs);
        Assert.Equal(("ann", "bob", 3), (both.One, both.Two, both.Shared));
        Assert.Equal(2.0 / 3, both.Agreement, 12);
        Assert.Equal(0.4, both.Kappa, 12);
        Assert.Equal(3, found.Compared);
        Assert.Equal((4, 1, 1), (found.Annotators[0].Labels, found.Annotators[0].Ties, found.Annotators[0].Skips));
    }

    [Fact]
    public void Of_AnswersInATenthOfASecond_AreTooFast()
    {
        var pairs = Made.Pairs(22);
        var labels = pairs.Select((pair, i) => Made.Label(i < 20 ? "ann" : "hasty", pair, Answer.First, seconds: i < 20 ? 4 + i % 5 : 0.1));

        var found = Agreement.Of([.. labels]);

        Assert.Equal([0, 2], found.Annotators.Select(one => one.TooFast));
        Assert.Equal(6, found.Annotators[0].MedianSeconds, 12);
    }

    [Fact]
    public void Of_Nothing_SaysNothing() => Assert.Equal((0, 0, 0), Agreement.Of([]) is var none ? (none.Annotators.Count, none.Pairs.Count, none.Compared) : default);
}
