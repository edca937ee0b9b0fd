using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Bpe;
using Rlhf.Policies.Tokenization.Pieces;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Reads tokenizer.json's `decoder`.</summary>
internal static class DecoderJson
{
    public static TokenText Read(JsonPlace place)
    {
        var type = place.Required("type");
        return type.Text() switch
        {
            "ByteLevel" => new ByteLevelText(),
            "Metaspace" => Metaspace(place),
            "Sequence" => Sequence(place.Required("decoders")),
            "WordPiece" => new WordPieceText(place.OptionalText("prefix") ?? "##") { LeadingSpaces = 1 },
            "ByteFallback" => new PieceText { ByteFallback = true },
            "Fuse" => TokenText.Plain,
            _ => throw type.Unsupported("ByteLevel, Metaspace, WordPiece, ByteFallback, Fuse, and a Sequence of Replace, ByteFallback, Fuse, Strip"),
        };
    }

    private static PieceText Metaspace(JsonPlace place)
    {
        var prepends = place.OptionalText("prepend_scheme") is { } scheme ? scheme != "never" : place.Flag("add_prefix_space", otherwise: true);
        return new PieceText { Replacements = [(place.OptionalText("replacement") ?? "▁", " ")], LeadingSpaces = prepends ? 1 : 0 };
    }

    private static TokenText Sequence(JsonPlace decoders)
    {
        var text = new PieceText();
        var steps = decoders.Items().ToList();
        if (steps is [var only] && only.Required("type").Text() is "ByteLevel" or "Metaspace") return Read(steps[0]);
        foreach (var step in steps)
        {
            var type = step.Required("type");
            text = type.Text() switch
            {
                "Replace" => text with { Replacements = [.. text.Replacements, Replacement(step)] },
                "ByteFallback" => text with { ByteFallback = true },
                "Fuse" => text,
                "Strip" => text with { LeadingSpaces = Strip(step) },
                _ => throw type.Unsupported("Replace, ByteFallback, Fuse, Strip"),
            };
        }

        return text;
    }

    private static (string Old, string New) Replacement(JsonPlace step)
    {
        var pattern = step.Required("pattern");
        if (pattern.OptionalText("String") is not { Length: > 0 } old) throw pattern.Unsupported("""{"String": …}""");
        return (old, step.Required("content").Text());
    }

    private static int Strip(JsonPlace step)
    {
        if (step.Required("content").Text() != " ") throw step.Required("content").Unsupported("a space");
        if (step.Required("stop").Id() != 0) throw step.Required("stop").Unsupported("0");
        return step.Required("start").Id();
    }
}
