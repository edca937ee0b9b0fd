using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tests.Tokenization;

public sealed class AddedTokenTrieTests
{
    [Theory]
    [InlineData("a<|x|>b", "a [1] b")]
    [InlineData("<|x|><|xy|>", "[1] [2]")]
    [InlineData("<|x", "<|x")]
    [InlineData("<|<|x|>", "<| [1]")]
    [InlineData("", "")]
    public void Split_Tokens_AreFoundLeftmost(string text, string expected)
        => Assert.Equal(expected, Split(text, new AddedToken("<|x|>", 1), new AddedToken("<|xy|>", 2)));

    [Theory]
    [InlineData("abcd", "[2] d")]
    [InlineData("abd", "[1] d")]
    [InlineData("aab", "a [1]")]
    public void Split_TokensWithACommonStart_TheLongestWins(string text, string expected)
        => Assert.Equal(expected, Split(text, new AddedToken("ab", 1), new AddedToken("abc", 2)));

    [Fact]
    public void Split_Strip_SwallowsWhiteSpaceBesideTheToken()
    {
        Assert.Equal("a [1] .·b", Split("a \n<m> . b", new AddedToken("<m>", 1) { StripLeft = true, StripRight = true }));
        Assert.Equal("a [1] ·b", Split("a <m> b", new AddedToken("<m>", 1) { StripLeft = true }));
        // White space that the token before swallowed is gone.
        Assert.Equal("[1] [1]", Split("<m> <m>", new AddedToken("<m>", 1) { StripLeft = true, StripRight = true }));
    }

    [Theory]
    [InlineData("he the he", "[1] ·the· [1]")]
    [InlineData("he_ 1he", "he_·1he")]
    public void Split_SingleWord_StandsAlone(string text, string expected)
        => Assert.Equal(expected, Split(text, new AddedToken("he", 1) { SingleWord = true }));

    [Fact]
    public void Split_SpecialTokensAreText_LeavesOnlyTheOthers()
    {
        AddedToken[] tokens = [new("<s>", 1), new("<t>", 2) { Special = false }];
        Assert.Equal("a<s>b [2]", Split("a<s>b<t>", SpecialTokensInText.AreText, tokens));
    }

    private static string Split(string text, params AddedToken[] tokens) => Split(text, SpecialTokensInText.AreTokens, tokens);

    private static string Split(string text, SpecialTokensInText specials, AddedToken[] tokens)
        => string.Join(' ', new AddedTokenTrie(tokens).Split(text, specials)
            .Select(segment => segment.Token is { } token ? $"[{token.Id}]" : text[segment.Start..segment.End].Replace(' ', '·')));
}
