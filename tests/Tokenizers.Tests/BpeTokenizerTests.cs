using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace Tokenizers.Tests;

public sealed class BpeTokenizerTests
{
    private static BpeOptions Letters => new(new Dictionary<string, int> { ["a"] = 0, ["b"] = 1, ["c"] = 2, ["ab"] = 3, ["bc"] = 4, ["abc"] = 5, ["cab"] = 6 })
    {
        Merges = ["b c", "a b", "ab c", "c ab"],
    };

    [Theory]
    [InlineData("abc", new[] { 0, 4 })]
    [InlineData("ab", new[] { 3 })]
    [InlineData("cab", new[] { 6 })]
    [InlineData("abcab", new[] { 0, 4, 3 })]
    [InlineData("bcbc", new[] { 4, 4 })]
    [InlineData("", new int[0])]
    public void EncodeToIds_Word_AppliesTheMergeOfLowestRankFirst(string word, int[] expected)
        => Assert.Equal(expected, Encode(BpeTokenizer.Create(Letters), word));

    [Theory]
    [InlineData("aa", new[] { 1 })]
    [InlineData("aaa", new[] { 1, 0 })]
    [InlineData("aaaaa", new[] { 2, 0 })]
    [InlineData("aaaaaaaa", new[] { 2, 2 })]
    public void EncodeToIds_EqualRanks_MergesTheLeftmostFirst(string word, int[] expected)
    {
        var tokenizer = BpeTokenizer.Create(new BpeOptions(new Dictionary<string, int> { ["a"] = 0, ["aa"] = 1, ["aaaa"] = 2 }) { Merges = ["a a", "aa aa"] });
        Assert.Equal(expected, Encode(tokenizer, word));
    }

    [Fact]
    public void EncodeToIds_LongWord_IsMergedAsItsShortPieces()
    {
        // Words beyond 96 characters take another algorithm; x merges with nothing, so the pieces between stay apart.
        var tokenizer = BpeTokenizer.Create(Letters);
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            var pieces = Enumerable.Range(0, 60).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => "abc"[random.Next(3)]))).ToList();
            var expected = pieces.SelectMany(piece => Encode(tokenizer, piece).Append(7)).ToList();
            var separated = BpeTokenizer.Create(new BpeOptions(Letters.Vocabulary.Append(new("x", 7))) { Merges = Letters.Merges });
            Assert.Equal(expected, Encode(separated, string.Concat(pieces.Select(piece => piece + "x"))));
        }
    }

    [Fact]
    public void EncodeToIds_MillionCharactersInOneWord_TakesSeconds()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(1_000_000, Encode(BpeTokenizer.Create(Letters), string.Concat(Enumerable.Repeat("ab", 1_000_000))).Count);
        Assert.True(clock.Elapsed.TotalSeconds < 10, $"took {clock.Elapsed}");
    }

    [Fact]
    public void EncodeToIds_ByteLevel_WritesBytesInGpt2sAlphabet()
    {
        var vocabulary = new Dictionary<string, int> { ["Ġ"] = 0, ["a"] = 1, ["Ã"] = 2, ["©"] = 3, ["Ã©"] = 4, ["Ċ"] = 5, ["Ġa"] = 6 };
        var tokenizer = BpeTokenizer.Create(new BpeOptions(vocabulary) { Merges = ["Ã ©", "Ġ a"], ByteLevel = true });
        Assert.True(tokenizer.ByteLevel);
        Assert.Equal([6, 4, 5], Encode(tokenizer, " aé\n"));
    }

    [Fact]
    public void EncodeToIds_CharacterOutsideTheVocabulary_IsLeftOut()
        => Assert.Equal([0, 1], Encode(BpeTokenizer.Create(new BpeOptions(new Dictionary<string, int> { ["a"] = 0, ["𝕏"] = 1 })), "aé🤖𝕏"));

    [Fact]
    public void EncodeToIds_PreTokenizer_KeepsMergesInsideWords()
    {
        var options = Letters;
        options.PreTokenizer = new RegexPreTokenizer(new Regex("a|[bc]+"), null);
        Assert.Equal([0, 4, 2, 0, 1], BpeTokenizer.Create(options).EncodeToIds("abccab"));
        Assert.Equal([0, 4, 6], BpeTokenizer.Create(options).EncodeToIds("abccab", considerPreTokenization: false));
    }

    [Fact]
    public void EncodeToIds_NoPreTokenizerGiven_SplitsIntoWordsAndOthers()
        => Assert.Equal([3, 2], BpeTokenizer.Create(Letters).EncodeToIds("ab, c"));

    [Theory]
    [InlineData("a  b")]
    [InlineData("ab")]
    [InlineData("a ")]
    [InlineData("a x")]
    [InlineData("a c")]
    public void Create_MergeThatCannotBe_IsRefused(string merge)
    {
        var options = Letters;
        options.Merges = [merge];
        Assert.Throws<InvalidOperationException>(() => BpeTokenizer.Create(options));
    }

    [Fact]
    public void Create_EmptyVocabularyOrTwiceTheSame_IsRefused()
    {
        Assert.Throws<InvalidOperationException>(() => BpeTokenizer.Create(new BpeOptions(new Dictionary<string, int>())));
        Assert.Throws<ArgumentException>(() => BpeTokenizer.Create(new BpeOptions([new("a", 0), new("a", 1)])));
        Assert.Throws<ArgumentException>(() => BpeTokenizer.Create(new BpeOptions(Letters.Vocabulary) { Merges = ["a b", "a b"] }));
        Assert.Throws<ArgumentNullException>(() => BpeTokenizer.Create(null!));
        Assert.Throws<ArgumentNullException>(() => new BpeOptions(null!));
    }

    private static IReadOnlyList<int> Encode(BpeTokenizer tokenizer, string word)
        => tokenizer.EncodeToIds(word.AsSpan(), considerPreTokenization: false, considerNormalization: false);
}
