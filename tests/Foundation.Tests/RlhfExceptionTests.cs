namespace Rlhf.Foundation.Tests;

public sealed class RlhfExceptionTests
{
    [Fact]
    public void Message_QuotesALongFile_IsOneLineWithItsStartAndItsAdvice()
    {
        var error = new RlhfException("config.json: not JSON: '" + string.Concat(Enumerable.Repeat("line\r\n", 100_000)) + "'; fetch the file again");

        Assert.DoesNotContain('\n', error.Message);
        Assert.InRange(error.Message.Length, 900, 1010);
        Assert.StartsWith("config.json: not JSON: 'line line", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("'; fetch the file again", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Message_Ordinary_IsUnchanged() => Assert.Equal("a.json: x is 1, expected 2", new RlhfException("a.json: x is 1, expected 2").Message);
}
