using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Bpe;
using Rlhf.Policies.Tokenization.Splitting;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Reads tokenizer.json, the format of Hugging Face's `tokenizers`, for BPE, WordPiece and Unigram models.</summary>
internal static class TokenizerJson
{
    public static TokenizerDefinition Read(string path) => JsonFile.Read(path, Read);

    public static TokenizerDefinition Read(JsonPlace root)
    {
        var model = root.Required("model");
        switch (model.OptionalText("type"))
        {
            case null or "BPE": break;
            case "WordPiece": return Around(root, WordPiece(root, model));
            case "Unigram": return Around(root, Unigram(root, model));
            default: throw model.Required("type").Unsupported("\"BPE\", \"WordPiece\", \"Unigram\"");
        }

        RefuseAffix(model, "continuing_subword_prefix");
        RefuseAffix(model, "end_of_word_suffix");

        var merges = Merges(model);
        return Around(root, new TokenizerDefinition
        {
            Source = root.File,
            Vocabulary = Vocabulary(model.Required("vocab")),
            Merges = merges,
            Splitting = WholeText(merges),
            ByteFallback = model.Flag("byte_fallback", otherwise: false),
            IgnoreMerges = model.Flag("ignore_merges", otherwise: false),
            UnknownToken = model.OptionalText("unk_token"),
            FuseUnknown = model.Flag("fuse_unk", otherwise: false),
        });
    }

    /// <summary>A model with what the file has around it.</summary>
    private static TokenizerDefinition Around(JsonPlace root, TokenizerDefinition model) => model with
    {
        AddedTokens = root.Optional("added_tokens") is { } added ? [.. added.Items().Select(token => AddedTokenJson.Read(token))] : [],
        Normalizer = root.Optional("normalizer") is { } normalizer ? NormalizerJson.Read(normalizer) : null,
        Splitting = root.Optional("pre_tokenizer") is { } splitting ? SplittingJson.Read(splitting) : model.Splitting,
        Decoding = root.Optional("decoder") is { } decoder ? DecoderJson.Read(decoder) : TokenText.Plain,
        Template = root.Optional("post_processor") is { } template ? TemplateJson.Read(template) : SequenceTemplate.Empty,
    };

    private static TokenizerDefinition WordPiece(JsonPlace root, JsonPlace model) => new()
    {
        Source = root.File, Vocabulary = Vocabulary(model.Required("vocab")), Merges = [], UnknownToken = model.OptionalText("unk_token") ?? "[UNK]",
        WordPiece = new WordPieceRules(model.OptionalText("continuing_subword_prefix") ?? "##", model.Optional("max_input_chars_per_word")?.Id() ?? 100),
    };

    /// <summary>The vocabulary is a list of [token, score], of which each one's place is its id.</summary>
    private static TokenizerDefinition Unigram(JsonPlace root, JsonPlace model)
    {
        var vocabulary = new Dictionary<string, int>();
        var scores = new List<double>();
        foreach (var entry in model.Required("vocab").Items())
        {
            if (entry.Value.ValueKind != JsonValueKind.Array || entry.Value.GetArrayLength() != 2 || entry.Value[0].ValueKind != JsonValueKind.String || entry.Value[1].ValueKind != JsonValueKind.Number)
                throw entry.Wrong("a token and its score");
            if (!vocabulary.TryAdd(entry.Value[0].GetString()!, scores.Count)) throw new RlhfException($"{root.File}: {entry.Key} is listed twice");
            scores.Add(entry.Value[1].GetDouble());
        }

        var unknown = model.Optional("unk_id") is { } place ? place.Id() : -1;
        if (unknown >= scores.Count) throw model.Required("unk_id").Wrong($"an id below {scores.Count}");
        return new TokenizerDefinition
        {
            Source = root.File, Vocabulary = vocabulary, Merges = [], Unigram = new UnigramRules([.. scores]), ByteFallback = model.Flag("byte_fallback", otherwise: false),
            UnknownToken = unknown < 0 ? null : vocabulary.First(pair => pair.Value == unknown).Key,
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
