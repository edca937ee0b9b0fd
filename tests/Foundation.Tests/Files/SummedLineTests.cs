using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Tests.Files;

public sealed class SummedLineTests
{
    [Fact]
    public void Of_AnObject_EndsWithTheFirstHalfOfTheHalfOfItsSha256()
    {
        // printf '{"a":1}' | sha256sum
        Assert.Equal("""{"a":1,"sum":"015abd7f5cc57a2d"}""", SummedLine.Of("""{"a":1}"""));
    }

    [Fact]
    public void Holds_LineAsItWasWritten_AndNoOtherOfOneBit()
    {
        var line = SummedLine.Of("""{"key":"0-ab","text":"né"}""");
        Assert.True(SummedLine.Holds(line));

        for (var place = 0; place < line.IndexOf("\",\"sum\"", StringComparison.Ordinal); place++)
            Assert.False(SummedLine.Holds(line[..place] + (char)(line[place] ^ 1) + line[(place + 1)..]), $"a bit of character {place}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"key":"k","text":"t"}""")]
    public void Holds_LineOfAnEarlierBuild_IsBelieved(string line) => Assert.True(SummedLine.Holds(line));
}
