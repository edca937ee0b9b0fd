using System.Text;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Files;
using Rlhf.Policies.Tokenization.Splitting;

namespace Rlhf.Policies.Tests.Tokenization;

public sealed class SplittingTests
{
    // The first five are the examples in the documentation of tokenizers' Split; the others follow from its definition.
    [Theory]
    [InlineData("Removed", false, "the final countdown")]
    [InlineData("Isolated", false, "the - final - - countdown")]
    [InlineData("Contiguous", false, "the - final -- countdown")]
    [InlineData("MergedWithPrevious", false, "the- final- - countdown")]
    [InlineData("MergedWithNext", false, "the -final - -countdown")]
    [InlineData("Removed", true, "- - -")]
    public void Split_EachBehavior_GivesTheDocumentedPieces(string behavior, bool invert, string expected)
    {
        var json = $$$"""{"type": "Split", "pattern": {"String": "-"}, "behavior": "{{{behavior}}}", "invert": {{{(invert ? "true" : "false")}}}}""";
        Assert.Equal(expected, Words(json, "the-final--countdown"));
    }

    [Theory]
    [InlineData("""{"type": "Digits", "individual_digits": true}""", "ab 12c", "ab· 1 2 c")]
    [InlineData("""{"type": "Digits", "individual_digits": false}""", "ab 12c", "ab· 12 c")]
    [InlineData("""{"type": "Whitespace"}""", "Hey there's x_1!?", "Hey there ' s x_1 !?")]
    [InlineData("""{"type": "WhitespaceSplit"}""", " Hey  you! ", "Hey you!")]
    [InlineData("""{"type": "Punctuation"}""", "a,b…c$", "a , b … c $")]
    [InlineData("""{"type": "Metaspace", "prepend_scheme": "always"}""", "Hey  you", "▁Hey ▁ ▁you")]
    [InlineData("""{"type": "Metaspace", "add_prefix_space": false}""", "Hey you", "Hey ▁you")]
    [InlineData("""{"type": "ByteLevel", "add_prefix_space": true}""", "Hey you're", "·Hey ·you 're")]
    [InlineData("""{"type": "ByteLevel", "add_prefix_space": true}""", " Hey", "·Hey")]
    [InlineData("""{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false}]}""", "in 2023!", "in · 2 0 2 3 !")]
    public void Split_StepsOfTheHub_GiveTheirPieces(string json, string text, string expected) => Assert.Equal(expected, Words(json, text));

    [Theory]
    [InlineData(3, "Hello12345 world's\n\n  x", "Hello 123 45 ·world 's ↵↵ · ·x")]
    [InlineData(1, "Hello12345 world's\n\n  x", "Hello 1 2 3 4 5 ·world 's ↵↵ · ·x")]
    [InlineData(3, "I'LL don't\t$$a  \n", "I 'LL ·don 't → $$ a ··↵")]
    public void Split_Llama3AndQwen2Patterns_GiveTheirPieces(int digits, string text, string expected)
    {
        var count = digits == 3 ? "{1,3}" : "";
        var json = $$$"""{"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{{{count}}}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated"}""";
        Assert.Equal(expected, Words(json, text));
    }

    [Theory]
    [InlineData("𝕳𝖊x 𝟙𝟚 🤖🤖!", "𝕳𝖊x ·𝟙𝟚 ·🤖🤖!")]
    [InlineData("𠀀𠀁", "𠀀𠀁")]
    public void Split_CharactersBeyondTheBasicPlane_MatchByTheirCategory(string text, string expected)
        => Assert.Equal(expected, Words("""{"type": "ByteLevel", "add_prefix_space": false}""", text));

    [Theory]
    [InlineData(@"\s++$", @"(?>\s+)$")]
    [InlineData(@"[^\r\n]?+\p{L}*+x", @"(?>[^\r\n]?)(?>\p{L}*)x")]
    [InlineData(@"(?:ab|c)++d", @"(?>(?:ab|c)+)d")]
    [InlineData(@"a{2,3}+", @"(?:a{2,3})+")]
    [InlineData(@"a+?b*?", @"a+?b*?")]
    [InlineData(@"(?i:'s)|\p{N}{1,3}|x{", @"(?i:'s)|\p{N}{1,3}|x{")]
    [InlineData(@"[+*?]+", @"[+*?]+")]
    public void Translate_PossessiveQuantifiers_BecomeAtomicGroups(string ruby, string expected)
        => Assert.Equal(expected, OnigurumaPattern.Translate(ruby, new JsonPlace(default, "tokenizer.json", "pattern")));

    [Theory]
    [InlineData("""{"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "Whitespace"}]}""", "ByteLevel as the last step")]
    [InlineData("""{"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, {"type": "Metaspace"}]}""", "as the first step")]
    public void Read_OrderThatCannotBe_IsRefused(string json, string expected)
    {
        var error = Assert.Throws<RlhfException>(() => Read(json));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static WordSplitting Read(string json) => JsonFile.Parse("tokenizer.json", Encoding.UTF8.GetBytes(json), SplittingJson.Read);

    /// <summary>The words, parted by spaces; their own spaces are ·, line breaks ↵ and tabs →.</summary>
    private static string Words(string json, string text)
    {
        var splitting = Read(json);
        var prepared = splitting.Start.Prepare(text, 0);
        return string.Join(' ', splitting.Split(prepared).Select(word => prepared.Substring(word.Start, word.Length).Replace(' ', '·').Replace('\n', '↵').Replace('\t', '→')));
    }
}
