using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Tests.Texts;

public sealed class FinalNumberTests
{
    [Theory]
    [InlineData("42", 42.0)]
    [InlineData("The answer is 42.", 42.0)]
    [InlineData("3 + 4 = 7, so 7 apples", 7.0)]
    [InlineData("it costs $1,234.50 in all", 1234.5)]
    [InlineData("12,345,678", 12345678.0)]
    [InlineData("first 1, 2", 2.0)]
    [InlineData("#### -5", -5.0)]
    [InlineData("x = −2.5", -2.5)]
    [InlineData("10-3", 3.0)]
    [InlineData("10 - 3", 3.0)]
    [InlineData("1.5e3", 1500.0)]
    [InlineData("about 3/4", 0.75)]
    [InlineData("-3/4", -0.75)]
    [InlineData(@"so \frac{1}{8}", 0.125)]
    [InlineData(@"so -\frac{1}{8}", -0.125)]
    [InlineData("50%", 50.0)]
    [InlineData(".5", 0.5)]
    public void In_LastNumberOfAText_IsFound(string text, double expected) => Assert.Equal(expected, FinalNumber.In(text));

    [Theory]
    [InlineData(@"\boxed{7} is right, not 8", 7.0)]
    [InlineData(@"\boxed{1} no, \boxed{2}", 2.0)]
    [InlineData(@"\boxed {x = {3}}", 3.0)]
    [InlineData(@"\boxed{\dfrac{3}{4}}", 0.75)]
    [InlineData(@"\boxed{12", 12.0)]
    public void In_Boxed_TakesWhatTheLastBoxHolds(string text, double expected) => Assert.Equal(expected, FinalNumber.In(text));

    [Theory]
    [InlineData("")]
    [InlineData("none")]
    [InlineData(@"\boxed{none}, though 5 was close")]
    [InlineData(@"\boxed")]
    [InlineData("1/0")]
    public void In_NoNumber_IsNull(string text) => Assert.Null(FinalNumber.In(text));

    [Theory]
    [InlineData(100.00001, 100, 1e-6, true)]
    [InlineData(100.001, 100, 1e-6, false)]
    [InlineData(1e-7, 0, 1e-6, true)]
    [InlineData(7, 7, 0, true)]
    public void Same_WithinAShareOfTheRightOne(double one, double other, double tolerance, bool expected) => Assert.Equal(expected, FinalNumber.Same(one, other, tolerance));

    [Theory]
    [InlineData("1,")]
    [InlineData("111,")]
    [InlineData("1/ ")]
    [InlineData("-1.")]
    [InlineData("\\frac{1}")]
    [InlineData("\\boxed{")]
    public void In_TextMadeToTakeLong_IsReadAtOnce(string piece)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        FinalNumber.In(string.Concat(Enumerable.Repeat(piece, 200_000)) + "x");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"{clock.Elapsed}");
    }
}
