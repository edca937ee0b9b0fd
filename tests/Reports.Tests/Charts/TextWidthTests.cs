using Rlhf.Reports.Charts;

namespace Rlhf.Reports.Tests.Charts;

public sealed class TextWidthTests
{
    [Fact]
    public void Of_WideAndNarrowLetters_Differ() => Assert.True(TextWidth.Of("WWW", 12) > 2.5 * TextWidth.Of("lll", 12));

    [Fact]
    public void Fit_TooLong_IsCutWithAnEllipsisAndFits()
    {
        var fitted = TextWidth.Fit("Gold and proxy reward against drift", 12, 100);
        Assert.EndsWith("…", fitted);
        Assert.True(TextWidth.Of(fitted, 12) <= 100);
        Assert.Equal("short", TextWidth.Fit("short", 12, 100));
    }

    [Fact]
    public void Fit_SurrogatePairs_AreNotCutInHalf() =>
        Assert.DoesNotContain(TextWidth.Fit(string.Concat(Enumerable.Repeat("😀", 20)), 12, 60).EnumerateRunes(), rune => rune.Value == 0xFFFD);
}
