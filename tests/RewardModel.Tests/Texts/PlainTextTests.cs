using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Tests.Texts;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("  The Eiffel-Tower!  ", "eiffeltower")]
    [InlineData("an apple,\n a  day", "apple day")]
    [InlineData("Banana", "banana")]
    [InlineData("the", "")]
    public void Normalized_DropsCasePunctuationArticlesAndSpace(string text, string expected) => Assert.Equal(expected, PlainText.Normalized(text));
}
