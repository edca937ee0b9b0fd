using System.IO.Compression;
using System.Text;
using Rlhf.Cli.Tests.Hostile;
using Rlhf.Foundation.Data;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.TensorFiles;
using Rlhf.Policies.Tests.TensorFiles;
using Rlhf.Policies.Tokenization;
using TorchSharp;

namespace Rlhf.Benchmarks.Fuzz;

/// <summary>Every format that is read from files which others made.</summary>
internal static class Formats
{
    private const string Lines = """
        {"prompt": "Hello \u00e9\ud83d\ude00", "chosen": [{"role": "user", "content": "a"}], "margin": 1.5e3}
        {"prompt": "", "chosen": null, "margin": -0, "deep": [[[{"a": [1, 2, {"b": null}]}]]]}
        {"prompt": "日本語", "chosen": [], "margin": true}
        """;

    private const string Yaml = """
        name: demo   # a comment
        seed: 7
        numbers: [1, 2.5, 1e-3]
        text: |
          several
          lines
        inner: &one {depth: 3, names: ['it''s', "two\t"]}
        other: *one
        """;

    private const string Tokenizer = """
        {"version": "1.0", "added_tokens": [{"id": 5, "content": "<|end|>", "special": true, "single_word": false, "lstrip": false, "rstrip": true, "normalized": false}],
         "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
         "pre_tokenizer": null, "post_processor": null, "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "Fuse"}]},
         "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": false, "vocab": {"<unk>": 0, "▁": 1, "a": 2, "b": 3, "ab": 4}, "merges": ["a b"]}}
        """;

    private const string Pieces = """
        {"version": "1.0", "added_tokens": [{"id": 4, "content": "<|end|>", "special": true}], "normalizer": {"type": "NFC"},
         "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}, "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}], "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}},
         "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}, "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false, "vocab": [["<unk>", 0.0], ["</s>", 0.0], ["▁", -2.5], ["a", -3.0], ["ab", -2.0], ["b", -3.5]]}}
        """;

    private const string Words = """
        {"version": "1.0", "added_tokens": [{"id": 0, "content": "[UNK]", "special": true}], "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
         "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
         "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1, "##b": 2, "##c": 3, "e": 4}}}
        """;

    private const string Config = """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 512, "hidden_size": 64, "num_hidden_layers": 5,
         "num_attention_heads": 8, "num_key_value_heads": 4, "intermediate_size": 172, "max_position_embeddings": 512, "rms_norm_eps": 1e-5,
         "rope_theta": 10000.0, "tie_word_embeddings": true, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "torch_dtype": "float32"}
        """;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FileTarget.Of("parquet", "rows.parquet", ParquetFiles, Rows),
        FileTarget.Of("jsonl", "rows.jsonl", () => [Utf8(Lines)], Rows),
        FileTarget.Of("json", "rows.json", () => [List()], Rows),
        FileTarget.Of("jsonl_gz", "rows.jsonl.gz", () => [Gzip(Utf8(Lines))], Rows),
        FileTarget.Of("tokenizer_json", "tokenizer.json", () => [Utf8(Tokenizer), Utf8(Pieces), Utf8(Words)], Tokenize),
        FileTarget.Of("config_json", "config.json", () => [Utf8(Config)], path => ModelFolder.ReadConfig(Path.GetDirectoryName(path)!)),
        FileTarget.Of("yaml", "recipe.yaml", () => [Utf8(Yaml)], path => RecipeBinder.Load<FuzzRecipe>(path)),
        FileTarget.Of("safetensors", "model.safetensors", Safe, path => Scoped(() => WeightFiles.LoadFile(path))),
        FileTarget.Of("pickle_zip", "pytorch_model.bin", () => [PyTorchFiles.Zip, PyTorchFiles.Parameter], path => Scoped(() => WeightFiles.LoadFile(path))),
        FileTarget.Of("pickle_legacy", "pytorch_model.bin", () => [PyTorchFiles.Legacy], path => Scoped(() => WeightFiles.LoadFile(path))),
        .. OutsideFiles.All,
    ];

    private static void Tokenize(string path)
    {
        var tokenizer = TextTokenizer.Load(Path.GetDirectoryName(path)!);
        tokenizer.Decode(tokenizer.Encode("abc ab \u00e9 \U0001f916 <|end|>  a"));
    }

    private static void Rows(string path)
    {
        foreach (var row in RowReader.Read(path))
            foreach (var column in row.Columns)
                if (row.Kind(column) == ColumnKind.Text) _ = row.Text(column);
    }

    private static void Scoped(Action read)
    {
        using var scope = torch.NewDisposeScope();
        read();
    }

    private static IReadOnlyList<byte[]> Safe()
    {
        using var scope = torch.NewDisposeScope();
        var path = Path.GetTempFileName();
        SafetensorsFile.Save(path, new Dictionary<string, torch.Tensor> { ["first.weight"] = torch.rand(4, 3), ["second"] = torch.ones([2], torch.ScalarType.BFloat16), ["third"] = torch.ones([3], torch.ScalarType.Int64) });
        var file = File.ReadAllBytes(path);
        File.Delete(path);
        return [file];
    }

    private static IReadOnlyList<byte[]> ParquetFiles() =>
        [.. Directory.GetFiles(Path.Combine(TestData.Repository, "tests", "Foundation.Tests", "Data", "files"), "*.parquet").Order().Select(File.ReadAllBytes)];

    private static byte[] List() => Utf8("[" + Lines.Replace("\n", ",\n", StringComparison.Ordinal) + "]");

    private static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(content);
        return packed.ToArray();
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
