using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace Tokenizers.Tests;

public sealed class RegexPreTokenizerTests
{
    [Fact]
    public void PreTokenize_Pattern_GivesItsMatches()
        => Assert.Equal([(0, 2), (3, 1)], new RegexPreTokenizer(new Regex(@"\w+"), null).PreTokenize("ab c"));

    [Fact]
    public void PreTokenize_SpecialTokens_AreWordsOfTheirOwn()
    {
        var splitter = new RegexPreTokenizer(new Regex(@"\w+|[^\w\s]+"), new Dictionary<string, int> { ["<|x|>"] = 9 });
        Assert.Equal([(0, 1), (1, 5), (6, 2)], splitter.PreTokenize("a<|x|>bc"));
        Assert.Equal([(0, 5)], splitter.PreTokenize("<|x|>".AsSpan()));
    }

    [Fact]
    public void PreTokenize_Empty_GivesNothing() => Assert.Empty(PreTokenizer.CreateWordOrNonWord().PreTokenize(""));

    [Fact]
    public void CreateWordOrNonWord_Text_SplitsWordsFromOthers()
        => Assert.Equal([(0, 3), (3, 1), (5, 2), (8, 1)], PreTokenizer.CreateWordOrNonWord().PreTokenize("Hey, yo …"));
}
