using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Reads an added token, of tokenizer.json or of tokenizer_config.json's added_tokens_decoder.</summary>
internal static class AddedTokenJson
{
    public static AddedToken Read(JsonPlace place) => Read(place, place.Required("id").Id());

    public static AddedToken Read(JsonPlace place, int id)
    {
        var special = place.Flag("special", otherwise: false);
        return new AddedToken(place.Required("content").Text(), id)
        {
            Special = special,
            SingleWord = place.Flag("single_word", otherwise: false),
            StripLeft = place.Flag("lstrip", otherwise: false),
            StripRight = place.Flag("rstrip", otherwise: false),
            Normalized = place.Flag("normalized", otherwise: !special),
        };
    }
}
