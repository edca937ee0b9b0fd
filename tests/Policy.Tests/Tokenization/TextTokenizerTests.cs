using System.Text;

namespace Rlhf.Policies.Tests.Tokenization;

public sealed class TextTokenizerTests
{
    [Fact]
    public void Encode_Merges_AreAppliedByRank()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.Plain);

        // a b → 3, then ab c → 4; "b c" is no merge.
        Assert.Equal([4, 3, 1, 2, 0], tokenizer.Encode("abcabbca"));
        Assert.Equal("abcabbca", tokenizer.Decode([4, 3, 1, 2, 0]));
    }

    [Fact]
    public void Encode_QwenShape_SplitsByItsPatternAndMergesBytes()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.ByteLevel());

        // hello 259 | Ġw 260, o 111 | 1 | 2 (bytes stand for themselves)
        Assert.Equal([259, 260, 111, 49, 50], tokenizer.Encode("hello wo12"));
        Assert.Equal([0xC3, 0xA9], tokenizer.Encode("é"));
    }

    [Theory]
    [InlineData(false, new[] { 120, 121, 122 })]
    [InlineData(true, new[] { 261 })]
    public void Encode_IgnoreMerges_TakesWholeWordsThatNoMergeMakes(bool ignore, int[] expected)
        => Assert.Equal(expected, TokenizerText.Load(TokenizerText.ByteLevel(ignoreMerges: ignore)).Encode("xyz"));

    [Fact]
    public void Encode_NfcNormalizer_ComposesFirst()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.ByteLevel(normalizer: """{"type": "NFC"}"""));
        Assert.Equal([0xC3, 0xA9], tokenizer.Encode("e\u0301"));
    }

    [Theory]
    [InlineData(true, "e\u0301!", new[] { 262 })]
    [InlineData(false, "e\u0301!", new[] { 0xC3, 0xA9, 33 })]
    [InlineData(false, "é!", new[] { 262 })]
    public void Encode_AddedToken_IsLookedForBeforeOrAfterNormalization(bool normalized, string text, int[] expected)
    {
        var added = $$"""[{"id": 262, "content": "é!", "special": false, "normalized": {{(normalized ? "true" : "false")}} }]""";
        Assert.Equal(expected, TokenizerText.Load(TokenizerText.ByteLevel(addedTokens: added, normalizer: """{"type": "NFC"}""")).Encode(text));
    }

    [Fact]
    public void Encode_LoneSurrogate_IsTheReplacementCharacter()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.ByteLevel());

        // U+FFFD is EF BF BD in UTF-8.
        Assert.Equal([97, 0xEF, 0xBF, 0xBD, 98], tokenizer.Encode("a\ud800b"));
        Assert.Equal([0xEF, 0xBF, 0xBD], tokenizer.Encode("\udc00"));
        Assert.Equal([0xF0, 0x9F, 0xA4, 0x96], tokenizer.Encode("🤖"));
    }

    [Fact]
    public void Encode_LlamaShape_FallsBackToBytesAndKeepsSpaces()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.Llama());

        // ▁ 259, a 260, b 261, ▁a 262, ▁▁ 263, ▁ab 264, ab 265; bytes are 3 + value.
        Assert.Equal([264, 262], tokenizer.Encode("ab a"));
        // "▁a▁▁▁b": ▁a merges first, then the leftmost of the two ▁▁.
        Assert.Equal([262, 263, 259, 261], tokenizer.Encode("a   b"));
        Assert.Equal([259, 3 + 0xC3, 3 + 0xA9, 265], tokenizer.Encode("éab"));
        Assert.Equal([1, 264], tokenizer.EncodeWithSpecials("ab"));
        Assert.Equal("éab  a", tokenizer.Decode(tokenizer.Encode("éab  a")));
        Assert.Equal("ab", tokenizer.Decode([1, 264, 2]));
    }

    [Fact]
    public void Encode_NoPreTokenizer_SplittingAtMarksChangesNothing()
    {
        // A merge across a mark ("b ▁") forbids the shortcut; one that never fires must change no result.
        var shortcut = TokenizerText.Load(TokenizerText.Llama());
        var whole = TokenizerText.Load(TokenizerText.Llama()
            .Replace("\"merges\": [", "\"merges\": [\"</s> ▁\", ", StringComparison.Ordinal)
            .Replace("\"ab\":265", "\"ab\":265,\"</s>▁\":266", StringComparison.Ordinal));
        Assert.Equal(266, shortcut.VocabularySize);
        Assert.Equal(267, whole.VocabularySize);
        var random = new Random(5);
        for (var i = 0; i < 500; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => " aab▁é"[random.Next(6)])]);
            Assert.Equal(whole.Encode(text), shortcut.Encode(text));
        }
    }

    [Theory]
    [InlineData("first", "ab</s>ab", new[] { 264, 2, 265 })]
    [InlineData("always", "ab</s>ab", new[] { 264, 2, 264 })]
    [InlineData("never", "ab</s>ab", new[] { 265, 2, 265 })]
    [InlineData("first", " ab a", new[] { 264, 262 })]
    public void Encode_Metaspace_PrependsAsItsSchemeSays(string scheme, string text, int[] expected)
    {
        var json = TokenizerText.Llama($$"""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "{{scheme}}", "split": false}""", "null");
        Assert.Equal(expected, TokenizerText.Load(json).Encode(text));
    }

    [Fact]
    public void Decode_SpecialTokensAndStrangeIds_HaveNoText()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.Llama());
        Assert.Equal("ab", tokenizer.Decode([1, 264, -5, 9999, int.MaxValue, 2]));
        Assert.True(tokenizer.IsSpecial(2));
        Assert.False(tokenizer.IsSpecial(264));
        Assert.Equal(("▁ab", null, null), (tokenizer.IdToToken(264), tokenizer.IdToToken(-1), tokenizer.IdToToken(9999)));
        Assert.Equal((2, 265, null), (tokenizer.TokenToId("</s>"), tokenizer.TokenToId("ab"), tokenizer.TokenToId("zz")));
    }

    [Fact]
    public void Decode_BytesThatAreNoUtf8_BecomeReplacementCharacters()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.ByteLevel());
        Assert.Equal("a\uFFFDb", tokenizer.Decode([97, 0xC3, 98]));
        Assert.Equal("\uFFFD", tokenizer.Decode([0xF0, 0x9F]));
    }

    [Fact]
    public void RoundTrip_RandomUnicode_IsExact()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.ByteLevel());
        var llama = TokenizerText.Load(TokenizerText.Llama());
        var random = new Random(11);
        for (var i = 0; i < 2000; i++)
        {
            var text = RandomText(random);
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
            // Llama's mark is a character of its own that comes back as a space.
            var unmarked = text.Replace('▁', '_');
            Assert.Equal(unmarked, llama.Decode(llama.EncodeOrdinary(unmarked)));
        }
    }

    [Fact]
    public void StartDecoding_TokenByToken_GivesTheTextAndHoldsBackHalfCharacters()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.ByteLevel());
        var decoder = tokenizer.StartDecoding();

        Assert.Equal(["h", "", "", "", "🤖", "i", ""], ((int[])[104, 0xF0, 0x9F, 0xA4, 0x96, 105, 0xC3]).Select(decoder.Append));
        Assert.Equal("\uFFFD", decoder.Finish());
    }

    [Fact]
    public void ContinueDecoding_LlamaShape_KeepsTheLeadingSpace()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.Llama());
        Assert.Equal(" ab", tokenizer.ContinueDecoding().Append(264));
        Assert.Equal("ab", tokenizer.StartDecoding().Append(264));
    }

    [Fact]
    public void Encode_FromSeveralThreads_GivesTheSameIds()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.ByteLevel());
        var random = new Random(3);
        var texts = Enumerable.Range(0, 400).Select(_ => RandomText(random)).ToList();
        var expected = texts.ConvertAll(text => string.Join(' ', TokenizerText.Load(TokenizerText.ByteLevel()).Encode(text)));

        Assert.Equal(expected, texts.AsParallel().AsOrdered().Select(text => string.Join(' ', tokenizer.Encode(text))));
    }

    private static string RandomText(Random random)
    {
        var text = new StringBuilder();
        for (var count = random.Next(30); count > 0; count--)
        {
            text.Append(random.Next(4) switch
            {
                0 => ((char)random.Next(0, 128)).ToString(),
                1 => "  hello it's 12\r\n"[random.Next(17)].ToString(),
                2 => new Rune(random.Next(0x80, 0xD800)).ToString(),
                _ => new Rune(random.Next(0xE000, 0x110000)).ToString(),
            });
        }

        return text.ToString();
    }
}
