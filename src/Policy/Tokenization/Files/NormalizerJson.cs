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
            _ => throw type.Unsupported("Sequence, Prepend, Replace, NFC, NFD, Lowercase, Strip"),
        };
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
