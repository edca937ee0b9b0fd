using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Policies.Tests.Tokenization;

/// <summary>Ids that other software computed: transformers, tiktoken, sentencepiece.</summary>
public sealed class GoldenTokenTests
{
    [Theory]
    [InlineData("stories260K", 45)]
    [InlineData("stories15M", 40)]
    public void EncodeWithSpecials_StoriesReference_GivesTheSameIds(string model, int pairs)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var tokenizer = TextTokenizer.Load(TestData.At("models", model));

        using var reference = Json("models", model, "encode_reference.json");
        var rows = reference.RootElement.EnumerateArray().ToList();
        Assert.Equal(pairs, rows.Count);
        foreach (var row in rows)
        {
            var text = row[0].GetString()!;
            Assert.Equal(Ids(row[1]), tokenizer.EncodeWithSpecials(text));
            Assert.Equal(text, tokenizer.Decode(tokenizer.EncodeWithSpecials(text)));
        }
    }

    [Fact]
    public void Encode_Gpt2GoldenStrings_GivesTheSameIds()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var tokenizer = TextTokenizer.Load(TestData.At("tokenizers", "gpt2"));

        using var golden = Json("golden", "gpt2_tokens.json");
        var rows = golden.RootElement.GetProperty("gpt2").GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(107, rows.Count);
        foreach (var row in rows)
        {
            var text = row.GetProperty("text").GetString()!;
            Assert.Equal(Ids(row.GetProperty("ids_special")), tokenizer.Encode(text));
            Assert.Equal(Ids(row.GetProperty("ids_text")), tokenizer.EncodeOrdinary(text));
            Assert.Equal(text, tokenizer.Decode(tokenizer.EncodeOrdinary(text)));
        }
    }

    [Fact]
    public void EncodeOrdinary_LlamaGoldenStrings_GivesSentencePieceIds()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var tokenizer = TextTokenizer.Load(TestData.At("models", "stories15M"));

        using var golden = Json("golden", "llama_tokens.json");
        var rows = golden.RootElement.GetProperty("llama_sentencepiece").GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(107, rows.Count);
        foreach (var row in rows)
        {
            var text = row.GetProperty("text").GetString()!;
            Assert.Equal(Ids(row.GetProperty("ids_no_bos")), tokenizer.EncodeOrdinary(text));
            Assert.Equal(row.GetProperty("decoded").GetString(), tokenizer.Decode(tokenizer.EncodeOrdinary(text)));
        }
    }

    [Fact]
    public void Load_Gpt2FromVocabularyAndMerges_EncodesAsTokenizerJsonDoes()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var folder = Directory.CreateTempSubdirectory("gpt2-files-");
        File.Copy(TestData.At("tokenizers", "gpt2", "encoder.json"), Path.Combine(folder.FullName, "vocab.json"));
        File.Copy(TestData.At("tokenizers", "gpt2", "vocab.bpe"), Path.Combine(folder.FullName, "merges.txt"));
        var tokenizer = TextTokenizer.Load(folder.FullName);
        var expected = TextTokenizer.Load(TestData.At("tokenizers", "gpt2"));

        using var strings = Json("golden", "strings.json");
        foreach (var text in strings.RootElement.EnumerateArray().Select(text => text.GetString()!))
            Assert.Equal(expected.Encode(text), tokenizer.Encode(text));
        Assert.Equal((50256, 50256, 50257), (tokenizer.Bos, tokenizer.Eos, tokenizer.VocabularySize));
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Load_CharacterVocabulary_EncodesCharacterByCharacter()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var tokenizer = TextTokenizer.Load(TestData.At("models", "slm4096-gpt2"));

        // char_vocab.json: "H" 17, "i" 36, "." 4, "\n" 0
        Assert.Equal([17, 36, 4, 0], tokenizer.Encode("Hi.\n"));
        Assert.Equal("Hi.\n", tokenizer.Decode([17, 36, 4, 0]));
        var error = Assert.Throws<RlhfException>(() => tokenizer.Encode("Hi €"));
        Assert.Contains("U+20AC", error.Message, StringComparison.Ordinal);
    }

    private static JsonDocument Json(params string[] path) => JsonDocument.Parse(File.ReadAllBytes(TestData.At(path)));

    private static int[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetInt32())];
}
