using System.Diagnostics;
using System.Text;
using Rlhf.Foundation;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Policies.Tests.Tokenization;

public sealed class HostileTokenizerTests
{
    [Theory]
    [InlineData("", "not JSON (the file is empty)")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 17082\n", "it is a Git LFS pointer; run `git lfs pull`")]
    [InlineData("<!DOCTYPE html><html><body>Sign in</body></html>", "it is an HTML page")]
    [InlineData("{\"model\": {\"vocab\"", "not JSON (damaged or nested too deep at line 1, byte 19)")]
    [InlineData("{\n \"model\": trwe, \"much\": 1}", "not JSON (damaged or nested too deep at line 2, byte 13)")]
    [InlineData("[]", "the file is a list, expected an object")]
    [InlineData("{}", "model is missing")]
    [InlineData("""{"model": {"type": "BPE"}}""", "model.vocab is missing")]
    [InlineData("""{"model": {"type": "WordLevel"}}""", "model.type is \"WordLevel\", which is not supported; supported: \"BPE\"")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {}}}""", "the vocabulary is empty")]
    [InlineData("""{"model": {"type": "BPE", "vocab": ["a"]}}""", "model.vocab is a list, expected an object")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": -1}}}""", "model.vocab.a is -1, expected a token id")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a\nb": -1}}}""", "model.vocab.a b is -1, expected a token id")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 1.5}}}""", "model.vocab.a is 1.5, expected a token id")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 99999999999}}}""", "model.vocab.a is 99999999999, expected a token id")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 2147483647}}}""", "token 'a' has id 2147483647 in a vocabulary of 1 tokens")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}}}""", "tokens 'a' and 'b' have the same id 0")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0, "a": 1}}}""", "model.vocab.a is listed twice")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"\ud800": 0}}}""", "not valid Unicode")]
    [InlineData("""{"model": {"type": "BPE", "continuing_subword_prefix": "##", "vocab": {"a": 0}}}""", "model.continuing_subword_prefix is \"##\", which is not supported")]
    public void Load_DamagedFile_SaysInOneLineWhatIsWrong(string json, string expected) => Refused(json, expected);

    [Theory]
    [InlineData("\"a b\", \"ab c\"", "\"a x\"", "merge 0 ('a x') needs the token 'x', which is not in the vocabulary")]
    [InlineData("\"a b\", \"ab c\"", "\"a c\"", "merge 0 ('a c') needs the token 'ac', which is not in the vocabulary")]
    [InlineData("\"a b\", \"ab c\"", "\"a b\", \"a b\"", "merge 'a b' is listed twice")]
    [InlineData("\"a b\", \"ab c\"", "\"ab\"", "merge 0 is 'ab', expected two tokens")]
    [InlineData("\"a b\", \"ab c\"", "\"a b c\"", "merge 0 is 'a b c', expected two tokens")]
    [InlineData("\"a b\", \"ab c\"", "[\"a\"]", "model.merges[0] is a list, expected a pair of tokens")]
    [InlineData("\"a b\", \"ab c\"", "7", "model.merges[0] is 7, expected a pair of tokens")]
    [InlineData("\"added_tokens\": []", """ "added_tokens": [{"id": 7000000, "content": "<x>"}] """, "the added token '<x>' has id 7000000")]
    [InlineData("\"added_tokens\": []", """ "added_tokens": [{"id": 1, "content": "<x>"}] """, "the added token '<x>' and the token 'b' have the same id 1")]
    [InlineData("\"added_tokens\": []", """ "added_tokens": [{"id": 9, "content": "ab"}] """, "the added token 'ab' has id 9, but id 3 in the vocabulary")]
    [InlineData("\"added_tokens\": []", """ "added_tokens": [{"id": 9, "content": ""}] """, "the added token with id 9 is empty")]
    [InlineData("\"added_tokens\": []", """ "added_tokens": [{"content": "<x>"}] """, "added_tokens[0].id is missing")]
    [InlineData("\"normalizer\": null", """ "normalizer": {"type": "NFKC"} """, "normalizer.type is \"NFKC\", which is not supported")]
    [InlineData("\"pre_tokenizer\": null", """ "pre_tokenizer": {"type": "UnicodeScripts"} """, "pre_tokenizer.type is \"UnicodeScripts\", which is not supported; supported: Sequence, ByteLevel, Split")]
    [InlineData("\"pre_tokenizer\": null", """ "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated"} """, "pre_tokenizer.pattern is not a pattern this program can run: InsufficientClosingParentheses at character 2")]
    [InlineData("\"pre_tokenizer\": null", """ "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[a&&b]"}, "behavior": "Isolated"} """, "supported: character classes without classes inside")]
    [InlineData("\"pre_tokenizer\": null", """ "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "7"} """, "pre_tokenizer.behavior is \"7\", which is not supported; supported: Removed, Isolated")]
    [InlineData("\"pre_tokenizer\": null", """ "pre_tokenizer": {"type": "ByteLevel"} """, "the byte-level vocabulary has no token for byte 0x00")]
    [InlineData("\"decoder\": null", """ "decoder": {"type": "CTC"} """, "decoder.type is \"CTC\", which is not supported")]
    [InlineData("\"type\": \"BPE\"", """ "unk_token": "<unk>" """, "the unknown token '<unk>' is not in the vocabulary")]
    public void Load_DamagedPart_SaysInOneLineWhatIsWrong(string part, string damage, string expected)
    {
        Assert.Contains(part, TokenizerText.Plain, StringComparison.Ordinal);
        Refused(TokenizerText.Plain.Replace(part, damage, StringComparison.Ordinal), expected);
    }

    [Fact]
    public void Load_DeepNesting_IsRefused()
    {
        var nested = string.Concat(Enumerable.Repeat("""{"type": "Sequence", "normalizers": [""", 50_000)) + string.Concat(Enumerable.Repeat("]}", 50_000));
        Refused(TokenizerText.Plain.Replace("\"normalizer\": null", $"\"normalizer\": {nested}", StringComparison.Ordinal), "not JSON");
    }

    [Fact]
    public void Encode_PatternThatBacktracksForever_IsRefusedWithinASecond()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.ByteLevel(split: """{"Regex": "(a+)+b"}"""));
        var clock = Stopwatch.StartNew();

        var error = Assert.Throws<RlhfException>(() => tokenizer.Encode(new string('a', 60)));
        Assert.Contains("its pattern needs more than 500 ms", error.Message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed.TotalSeconds < 5, $"took {clock.Elapsed}");
    }

    [Fact]
    public void Encode_LongWordWithoutSpaces_IsFast()
    {
        var tokenizer = TokenizerText.Load(TokenizerText.Llama());
        var clock = Stopwatch.StartNew();

        // One word of 200,001 characters: ▁ab, then ab and ab and …
        var ids = tokenizer.Encode(string.Concat(Enumerable.Repeat("ab", 100_000)));
        Assert.Equal(100_000, ids.Length);
        Assert.Equal([264, 265, 265], ids[..3]);
        Assert.True(clock.Elapsed.TotalSeconds < 2, $"took {clock.Elapsed}");
    }

    [Fact]
    public void Load_MissingFolderOrFiles_SaysWhatToGive()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("holds no tokenizer (tokenizer.json, vocab.json with merges.txt", Message(folder.Path), StringComparison.Ordinal);
        Assert.Contains("there is no such folder", Message(folder.At("nowhere")), StringComparison.Ordinal);
        folder.With("tokenizer.model", "x");
        Assert.Contains("holds only tokenizer.model; convert it to tokenizer.json", Message(folder.Path), StringComparison.Ordinal);
        folder.With("tokenizer.json", TokenizerText.Plain).With("tokenizer_config.json", """{"eos_token": "</s>"}""");
        Assert.Contains("eos_token is '</s>', which is no token of", Message(folder.Path), StringComparison.Ordinal);
        folder.With("tokenizer_config.json", """{"add_bos_token": true}""");
        Assert.Contains("tokenizer_config.json says add_bos_token, but names no bos_token", Message(folder.Path), StringComparison.Ordinal);
        folder.With("tokenizer_config.json", """{"added_tokens_decoder": {"x": {"content": "y"}}}""");
        Assert.Contains("added_tokens_decoder.x: the key is no token id", Message(folder.Path), StringComparison.Ordinal);

        static string Message(string path) => Assert.Throws<RlhfException>(() => TextTokenizer.Load(path)).Message;
    }

    /// <summary>Damaged bytes. FUZZ_INPUTS sets the number of inputs for a longer run.</summary>
    [Fact]
    public void Load_MutatedBytes_LoadsOrIsRefusedByOneLine()
    {
        var fuzzer = new MutationFuzzer(seed: 23, [.. Originals.Select(Encoding.UTF8.GetBytes)]) { FreeAllocation = 8 << 20 };

        var report = fuzzer.Run(0, Inputs, Use, typeof(RlhfException));
        TestContext.Current.TestOutputHelper?.WriteLine(report.ToString());
        Assert.True(report.Failures.Count == 0, string.Join("\n\n", report.Failures));
        Assert.True(report.Accepted > Inputs / 20 && report.Rejected > Inputs / 20, report.ToString());
    }

    /// <summary>Valid JSON with wrong content, which gets past the JSON parser.</summary>
    [Fact]
    public void Load_MutatedTree_LoadsOrIsRefusedByOneLine()
    {
        var mutants = new MutationFuzzer(seed: 29, [[]]) { FreeAllocation = 8 << 20 };
        var number = 0;
        var report = mutants.Run(0, Inputs, _ => Use(Encoding.UTF8.GetBytes(JsonMutation.Mutate(Originals[number % Originals.Length], number++))), typeof(RlhfException));
        TestContext.Current.TestOutputHelper?.WriteLine(report.ToString());
        Assert.True(report.Failures.Count == 0, string.Join("\n\n", report.Failures));
        Assert.True(report.Accepted > Inputs / 20 && report.Rejected > Inputs / 20, report.ToString());
    }

    /// <summary>The files beside the vocabulary, and the older layout.</summary>
    [Theory]
    [InlineData("tokenizer_config.json", Configuration)]
    [InlineData("special_tokens_map.json", """{"eos_token": {"content": "ab"}, "pad_token": "c"}""")]
    [InlineData("config.json", """{"bos_token_id": 1, "eos_token_id": [1, 2], "pad_token_id": null}""")]
    [InlineData("vocab.json", null)]
    [InlineData("merges.txt", "#version: 0.2\nh e\nl l\nhe ll\nhell o\nĠ w\n")]
    public void Load_MutatedFileBeside_LoadsOrIsRefusedByOneLine(string name, string? original)
    {
        using var folder = new TemporaryFolder();
        var vocabulary = System.Text.Json.Nodes.JsonNode.Parse(TokenizerText.ByteLevel())!["model"]!["vocab"]!.ToJsonString();
        if (name is "vocab.json" or "merges.txt") folder.With("vocab.json", vocabulary).With("merges.txt", "h e\nl l\n");
        else folder.With("tokenizer.json", TokenizerText.Plain);
        var inputs = Inputs / 6;
        var fuzzer = new MutationFuzzer(seed: 31, [Encoding.UTF8.GetBytes(original ?? vocabulary)]) { FreeAllocation = 8 << 20 };

        var report = fuzzer.Run(0, inputs, bytes =>
        {
            File.WriteAllBytes(folder.At(name), bytes);
            Use(() => TextTokenizer.Load(folder.Path).EncodeWithSpecials("abc"));
        }, typeof(RlhfException));
        TestContext.Current.TestOutputHelper?.WriteLine(report.ToString());
        Assert.True(report.Failures.Count == 0, string.Join("\n\n", report.Failures));
        Assert.True(report.Accepted > inputs / 100 && report.Rejected > inputs / 20, report.ToString());
    }

    private const string Configuration =
        """{"bos_token": "a", "eos_token": {"content": "b"}, "add_bos_token": true, "add_eos_token": false, "add_prefix_space": false, "added_tokens_decoder": {"6": {"content": "<x>", "special": true}}, "chat_template": [{"name": "default", "template": "x"}, {"name": "default", "template": "y"}]}""";

    private static long Inputs => long.Parse(Environment.GetEnvironmentVariable("FUZZ_INPUTS") ?? "3000", System.Globalization.CultureInfo.InvariantCulture);

    private static string[] Originals { get; } =
    [
        TokenizerText.Plain,
        TokenizerText.Llama(),
        TokenizerText.Llama("""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true}""", "null"),
        TokenizerText.ByteLevel(
            addedTokens: """[{"id": 262, "content": "<|end|>", "special": true}, {"id": 263, "content": "<t>", "lstrip": true, "rstrip": true, "single_word": true, "normalized": true}]""",
            normalizer: """{"type": "NFC"}"""),
    ];

    private static void Use(byte[] json) => Use(() => LoadAndRun(json));

    private static void Use(Action action)
    {
        try
        {
            action();
        }
        catch (RlhfException error) when (error.Message.Contains('\n', StringComparison.Ordinal) || error.Message.Length > 500)
        {
            throw new InvalidDataException($"not one short line: {error.Message}");
        }
    }

    private static void LoadAndRun(byte[] json)
    {
        var tokenizer = TokenizerText.Load(json);
        var ids = tokenizer.Encode("hello, abc 12 é e\u0301 猫🤖 <|end|> \n\n  it's \ud800");
        tokenizer.Decode(ids);
        tokenizer.Decode([0, 5, -1, int.MaxValue, 262]);
    }

    private static void Refused(string json, string expected)
    {
        var error = Assert.Throws<RlhfException>(() => TokenizerText.Load(json));
        Assert.StartsWith("tokenizer.json: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
