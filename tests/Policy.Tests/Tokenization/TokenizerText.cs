using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Bpe;
using Rlhf.Policies.Tokenization.Files;

namespace Rlhf.Policies.Tests.Tokenization;

/// <summary>Small tokenizer.json texts: a plain one, and the shapes that the families on the hub have.</summary>
internal static class TokenizerText
{
    public const string Plain =
        """{"added_tokens": [], "normalizer": null, "pre_tokenizer": null, "decoder": null, "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4, " ": 5}, "merges": ["a b", "ab c"]}}""";

    private static JsonSerializerOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Byte-level as Qwen2's: NFC, a pattern of its own, merges as pairs.</summary>
    public static string ByteLevel(string? split = null, string addedTokens = "[]", string normalizer = "null", bool ignoreMerges = false)
    {
        split ??= """{"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}""";
        var vocabulary = new JsonObject();
        for (var value = 0; value < 256; value++) vocabulary[ByteLetters.Letter((byte)value).ToString()] = value;
        foreach (var token in (string[])["he", "ll", "hell", "hello", "Ġw", "xyz"]) vocabulary[token] = vocabulary.Count;
        return $$$"""
            {"added_tokens": {{{addedTokens}}}, "normalizer": {{{normalizer}}},
             "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
               {"type": "Split", "pattern": {{{split}}}, "behavior": "Isolated", "invert": false},
               {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]},
             "post_processor": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
             "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
             "model": {"type": "BPE", "unk_token": null, "byte_fallback": false, "ignore_merges": {{{(ignoreMerges ? "true" : "false")}}},
               "vocab": {{{vocabulary.ToJsonString(Relaxed)}}},
               "merges": [["h", "e"], ["l", "l"], ["he", "ll"], ["hell", "o"], ["Ġ", "w"]]}}
            """;
    }

    /// <summary>SentencePiece-style as Llama 2's: tokens 0–2 special, 3–258 bytes, then letters.</summary>
    public static string Llama(string preTokenizer = "null", string normalizer = """{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}""")
    {
        var vocabulary = new JsonObject { ["<unk>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };
        for (var value = 0; value < 256; value++) vocabulary[PieceText.ByteToken(value)] = vocabulary.Count;
        foreach (var token in (string[])["▁", "a", "b", "▁a", "▁▁", "▁ab", "ab"]) vocabulary[token] = vocabulary.Count;
        return $$$"""
            {"added_tokens": [{"id": 0, "content": "<unk>", "special": true}, {"id": 1, "content": "<s>", "special": true}, {"id": 2, "content": "</s>", "special": true}],
             "normalizer": {{{normalizer}}}, "pre_tokenizer": {{{preTokenizer}}},
             "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0} }, {"Sequence": {"id": "A", "type_id": 0} }],
               "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]} } },
             "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁" }, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
             "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true, "vocab": {{{vocabulary.ToJsonString(Relaxed)}}}, "merges": ["▁ a", "▁ ▁", "▁a b", "a b"]}}
            """;
    }

    /// <summary>Loads a text as the file it would be.</summary>
    public static TextTokenizer Load(string json) => Load(Encoding.UTF8.GetBytes(json));

    public static TextTokenizer Load(byte[] json)
    {
        var definition = SettingsMerge.Apply(JsonFile.Parse("tokenizer.json", json, TokenizerJson.Read), new TokenizerSettings(), "folder");
        VocabularyCheck.Check(definition);
        return new TextTokenizer(definition, "folder");
    }
}
