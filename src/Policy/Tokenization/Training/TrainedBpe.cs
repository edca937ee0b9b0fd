using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Training;

/// <summary>A trained byte-level BPE, and how it is written for <see cref="TextTokenizer.Load"/> and for `tokenizers`.</summary>
public sealed class TrainedBpe
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal TrainedBpe(IReadOnlyList<string> tokens, IReadOnlyList<string> merges, IReadOnlyList<string> specialTokens)
    {
        Tokens = tokens;
        Merges = merges;
        SpecialTokens = specialTokens;
    }

    /// <summary>Tokens in the order of their ids, in GPT-2's byte letters.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>Pairs "left right", best first.</summary>
    public IReadOnlyList<string> Merges { get; }

    public IReadOnlyList<string> SpecialTokens { get; }

    /// <summary>Writes tokenizer.json and tokenizer_config.json.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        Write(Path.Combine(folder, "tokenizer.json"), WriteTokenizer);
        Write(Path.Combine(folder, "tokenizer_config.json"), WriteConfig);
    }

    private static void Write(string path, Action<Utf8JsonWriter> content)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Indented))
        {
            content(writer);
        }

        Durable.WriteText(path, Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length));
    }

    private void WriteTokenizer(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        for (var id = 0; id < SpecialTokens.Count; id++) WriteAddedToken(json, SpecialTokens[id], id);
        json.WriteEndArray();
        json.WriteNull("normalizer");
        WriteByteLevel(json, "pre_tokenizer");
        WriteByteLevel(json, "post_processor");
        WriteByteLevel(json, "decoder");
        WriteModel(json);
        json.WriteEndObject();
    }

    private static void WriteAddedToken(Utf8JsonWriter json, string token, int id)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteString("content", token);
        foreach (var flag in (string[])["single_word", "lstrip", "rstrip", "normalized"]) json.WriteBoolean(flag, false);
        json.WriteBoolean("special", true);
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, string step)
    {
        json.WriteStartObject(step);
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", true);
        json.WriteEndObject();
    }

    private void WriteModel(Utf8JsonWriter json)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        foreach (var absent in (string[])["dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"]) json.WriteNull(absent);
        foreach (var flag in (string[])["fuse_unk", "byte_fallback", "ignore_merges"]) json.WriteBoolean(flag, false);
        json.WriteStartObject("vocab");
        for (var id = 0; id < Tokens.Count; id++) json.WriteNumber(Tokens[id], id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var merge in Merges) json.WriteStringValue(merge);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteConfig(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        if (SpecialTokens is [var end, ..])
            foreach (var role in SpecialRoles.All) json.WriteString(role, end);
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
        json.WriteEndObject();
    }
}
