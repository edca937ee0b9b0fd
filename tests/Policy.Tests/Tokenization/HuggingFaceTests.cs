using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlhf.Policies.Tests.Tokenization;

/// <summary>Random texts have the ids that Hugging Face's own library gives them; more of them by <c>benchmarks tokenizer-ids</c>.</summary>
public sealed class HuggingFaceTests
{
    private const int Texts = 3000;

    [Theory]
    [InlineData("tokenizers", "gpt2")]
    [InlineData("models", "stories260K")]
    [InlineData("models", "stories15M")]
    public void Encode_RealTokenizers_GiveTheIdsOfHuggingFace(string kind, string name)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        Same(TestData.At(kind, name), Texts);
    }

    [Theory]
    [InlineData("""{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}""")]
    [InlineData("""{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": false, "strip_accents": null, "lowercase": false}""")]
    public void Encode_WordPiece_GivesTheIdsOfHuggingFace(string normalizer)
    {
        using var folder = new TemporaryFolder();
        var vocabulary = new JsonObject();
        foreach (var token in (string[])["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. Letters, .. Letters.Select(letter => "##" + letter), "the", "once", "##ing", "up", "##on", "time", "un", "##der", "12", "##3", "日", "本", "##本", "Привет", "привет"]) vocabulary.TryAdd(token, vocabulary.Count);
        Write(folder, JsonNode.Parse(normalizer), """{"type": "BertPreTokenizer"}""", """{"type": "WordPiece", "prefix": "##", "cleanup": true}""",
            new JsonObject { ["type"] = "WordPiece", ["unk_token"] = "[UNK]", ["continuing_subword_prefix"] = "##", ["max_input_chars_per_word"] = 20, ["vocab"] = vocabulary });
        Same(folder.Path, Texts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Encode_Unigram_GivesTheIdsOfHuggingFace(bool fallsBack)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(3);
        string[] bytes = fallsBack ? [.. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")] : [];
        var vocabulary = new JsonArray();
        foreach (var token in (string[])["<pad>", "</s>", "<unk>", .. bytes, "▁", .. Letters, "▁the", "▁t", "he", "▁Once", "▁up", "on", "▁a", "▁time", "ing", "▁12", "23", "aa", "aaa", "aaaa", "日本", "本", "🦊"])
            vocabulary.Add(new JsonArray(token, vocabulary.Count < 3 ? 0.0 : -1 - 12 * random.NextDouble()));
        Write(folder, null, """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}""", """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}""",
            new JsonObject { ["type"] = "Unigram", ["unk_id"] = 2, ["byte_fallback"] = fallsBack, ["vocab"] = vocabulary });
        Same(folder.Path, Texts);
    }

    // SentencePiece 0.1.97's own map of T5's rules (nmt_nfkc; Apache 2.0), as its trainer writes it into a model.
    [Fact]
    public void Encode_CompiledMapOfCharacters_GivesTheIdsOfHuggingFace()
    {
        using var folder = new TemporaryFolder();
        using var packed = new GZipStream(typeof(HuggingFaceTests).Assembly.GetManifestResourceStream("nmt_nfkc.charsmap.gz")!, CompressionMode.Decompress);
        using var map = new MemoryStream();
        packed.CopyTo(map);
        var vocabulary = new JsonArray();
        foreach (var token in (string[])["<unk>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), "▁", .. Letters, "fi", "kg", "▁the"]) vocabulary.Add(new JsonArray(token, vocabulary.Count == 0 ? 0.0 : -2.0));
        Write(folder, new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(map.ToArray()) },
            """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}""", """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}""",
            new JsonObject { ["type"] = "Unigram", ["unk_id"] = 0, ["byte_fallback"] = true, ["vocab"] = vocabulary });
        Same(folder.Path, Texts);
    }

    private static IEnumerable<string> Letters => Enumerable.Range('!', 94).Select(letter => ((char)letter).ToString());

    private static void Write(TemporaryFolder folder, JsonNode? normalizer, string splitting, string decoder, JsonObject model) => folder.With("tokenizer.json", new JsonObject
    {
        ["version"] = "1.0", ["truncation"] = null, ["padding"] = null, ["added_tokens"] = new JsonArray(), ["normalizer"] = normalizer, ["pre_tokenizer"] = JsonNode.Parse(splitting),
        ["post_processor"] = null, ["decoder"] = JsonNode.Parse(decoder), ["model"] = model,
    }.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));

    private static void Same(string folder, int count)
    {
        using var both = new HuggingFaceIds(folder);
        var differences = RandomTexts.Of(7, count).Select(both.Difference).OfType<string>().ToList();
        Assert.True(differences.Count == 0, $"{differences.Count} of {count} texts differ\n{string.Join('\n', differences.Take(5))}");
    }
}
