using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Bpe;
using Rlhf.Policies.Tokenization.Splitting;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Reads tokenizer.json, the format of Hugging Face's `tokenizers`, for BPE models.</summary>
internal static class TokenizerJson
{
    public static TokenizerDefinition Read(string path) => JsonFile.Read(path, Read);

    public static TokenizerDefinition Read(JsonPlace root)
    {
        var model = root.Required("model");
        if (model.OptionalText("type") is { } type && type != "BPE") throw model.Required("type").Unsupported("\"BPE\"");
        RefuseAffix(model, "continuing_subword_prefix");
        RefuseAffix(model, "end_of_word_suffix");

        var merges = Merges(model);
        return new TokenizerDefinition
        {
            Source = root.File,
            Vocabulary = Vocabulary(model.Required("vocab")),
            Merges = merges,
            AddedTokens = root.Optional("added_tokens") is { } added ? [.. added.Items().Select(token => AddedTokenJson.Read(token))] : [],
            Normalizer = root.Optional("normalizer") is { } normalizer ? NormalizerJson.Read(normalizer) : null,
            Splitting = root.Optional("pre_tokenizer") is { } splitting ? SplittingJson.Read(splitting) : WholeText(merges),
            Decoding = root.Optional("decoder") is { } decoder ? DecoderJson.Read(decoder) : TokenText.Plain,
            Template = root.Optional("post_processor") is { } template ? TemplateJson.Read(template) : SequenceTemplate.Empty,
            ByteFallback = model.Flag("byte_fallback", otherwise: false),
            IgnoreMerges = model.Flag("ignore_merges", otherwise: false),
            UnknownToken = model.OptionalText("unk_token"),
            FuseUnknown = model.Flag("fuse_unk", otherwise: false),
        };
    }

    /// <summary>Tokens and their ids; a token listed twice is damage.</summary>
    public static Dictionary<string, int> Vocabulary(JsonPlace place)
    {
        var vocabulary = new Dictionary<string, int>();
        foreach (var member in place.Object())
        {
            var id = JsonPlace.IsId(member.Value, out var plain) ? plain : place.Member(member).Id();
            if (!vocabulary.TryAdd(member.Name, id)) throw new RlhfException($"{place.File}: {place.Member(member).Key} is listed twice");
        }

        return vocabulary;
    }

    /// <summary>Merges are "a b" or, in newer files, ["a", "b"].</summary>
    private static List<string> Merges(JsonPlace model)
    {
        if (model.Optional("merges") is not { } place) return [];
        var merges = new List<string>();
        foreach (var merge in place.List())
            merges.Add(merge.ValueKind == JsonValueKind.String ? merge.GetString()! : Pair(place.Item(merge, merges.Count)));
        return merges;
    }

    private static string Pair(JsonPlace merge)
    {
        if (merge.Value.ValueKind != JsonValueKind.Array || merge.Value.GetArrayLength() != 2) throw merge.Wrong("a pair of tokens");
        return string.Join(' ', merge.Items().Select(part => part.Text()));
    }

    private static WordSplitting WholeText(List<string> merges)
        => MarkRunSplitter.IsExact('▁', merges) ? new WordSplitting { Splitters = [new MarkRunSplitter('▁')] } : WordSplitting.None;

    private static void RefuseAffix(JsonPlace model, string name)
    {
        if (model.OptionalText(name) is { Length: > 0 }) throw model.Required(name).Unsupported("models without subword prefixes and suffixes");
    }
}
