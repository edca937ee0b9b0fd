using Rlhf.Reports.Charts;

namespace Rlhf.Reports.Tests.Charts;

public sealed class NumberFormatTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1234.4, "1,234")]
    [InlineData(123.4, "123")]
    [InlineData(12.34, "12.3")]
    [InlineData(1.234, "1.23")]
    [InlineData(-0.5, "−0.50")]
    [InlineData(0.0123, "0.012")]
    [InlineData(0.00123, "0.0012")]
    [InlineData(0.0000123, "1.23e−5")]
    [InlineData(12345678, "1.23e7")]
    [InlineData(double.NaN, "–")]
    [InlineData(double.NegativeInfinity, "−∞")]
    public void Value_ShowsThreeDigitsThatMatter(double value, string expected) => Assert.Equal(expected, NumberFormat.Value(value));

    [Fact]
    public void Ticks_AtEqualSteps_ShowEquallyManyDecimals() =>
        Assert.Equal(["−0.5", "0.0", "0.5", "1.0"], NumberFormat.Ticks([-0.5, 0, 0.5, 1]));

    [Fact]
    public void Ticks_AtUnequalSteps_ShowOnlyWhatTheyNeed() =>
        Assert.Equal(["0", "0.2", "1", "5"], NumberFormat.Ticks([0, 0.2, 1, 5]));

    [Fact]
    public void Ticks_Large_AreInThousandsOrMillions()
    {
        Assert.Equal(["0", "5k", "10k"], NumberFormat.Ticks([0, 5000, 10000]));
        Assert.Equal(["0", "1.5M", "3M"], NumberFormat.Ticks([0, 1.5e6, 3e6]));
    }

    [Fact]
    public void Ticks_Tiny_AreScientific() => Assert.Equal(["0", "5e−6", "1e−5"], NumberFormat.Ticks([0, 5e-6, 1e-5]));

    [Theory]
    [InlineData("0.09998 0.10000 0.10002", 0.09998, 0.1, 0.10002)]
    [InlineData("0.1000000000 0.1000000002", 0.1, 0.1000000002)]
    [InlineData("10k 10.001k 10.002k", 10000.0, 10001.0, 10002.0)]
    [InlineData("1.0001e−5 1.0002e−5", 1.0001e-5, 1.0002e-5)]
    [InlineData("0.0012 0.0014 1", 0.0012, 0.0014, 1.0)]
    public void Ticks_CloseTogether_AreToldApart(string expected, params double[] ticks) => Assert.Equal(expected.Split(' '), NumberFormat.Ticks(ticks));

    [Fact]
    public void Percent_RoundsToWhatIsAsked()
    {
        Assert.Equal("79%", NumberFormat.Percent(0.787));
        Assert.Equal("78.7%", NumberFormat.Percent(0.787, 1));
        Assert.Equal("0%", NumberFormat.Percent(-0.001));
        Assert.Equal("–", NumberFormat.Percent(double.NaN));
    }
}
