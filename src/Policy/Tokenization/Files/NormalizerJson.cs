using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Normalizing;
using Rlhf.Policies.Tokenization.Splitting;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Reads tokenizer.json's `normalizer`.</summary>
internal static class NormalizerJson
{
    public static Normalizer Read(JsonPlace place)
    {
        var type = place.Required("type");
        return type.Text() switch
        {
            "Sequence" => new NormalizerSequence([.. place.Required("normalizers").Items().Select(Read)]),
            "Prepend" => new PrependNormalizer(place.Required("prepend").Text()),
            "Replace" => Replace(place),
            "NFC" => new UnicodeNormalizer(CanonicalForm.Composed),
            "NFD" => new UnicodeNormalizer(CanonicalForm.Decomposed),
            "Lowercase" => new LowercaseNormalizer(),
            "Strip" => new StripNormalizer(place.Flag("strip_left", otherwise: true), place.Flag("strip_right", otherwise: true)),
            "BertNormalizer" => Bert(place),
            "Precompiled" => Precompiled(place.Required("precompiled_charsmap")),
            _ => throw type.Unsupported("Sequence, Prepend, Replace, NFC, NFD, Lowercase, Strip, BertNormalizer, Precompiled"),
        };
    }

    // Accents go with capitals unless the file says otherwise.
    private static BertNormalizer Bert(JsonPlace place)
    {
        var lowers = place.Flag("lowercase", otherwise: true);
        return new BertNormalizer(place.Flag("clean_text", otherwise: true), place.Flag("handle_chinese_chars", otherwise: true), place.Optional("strip_accents")?.Flag() ?? lowers, lowers);
    }

    private static PrecompiledNormalizer Precompiled(JsonPlace map)
    {
        try
        {
            return new PrecompiledNormalizer(Convert.FromBase64String(map.Text()));
        }
        catch (FormatException)
        {
            throw map.Wrong("a compiled map of characters in base64");
        }
    }

    private static Normalizer Replace(JsonPlace place)
    {
        var content = place.Required("content").Text();
        var pattern = place.Required("pattern");
        return pattern.OptionalText("String") is { Length: > 0 } text
            ? new ReplaceNormalizer(text, content)
            : new RegexReplaceNormalizer(SplitPattern.Read(pattern), content);
    }
}
