using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Reads tokenizer.json's `post_processor`: which special tokens stand around a text.</summary>
internal static class TemplateJson
{
    public static SequenceTemplate Read(JsonPlace place)
    {
        var type = place.Required("type");
        return type.Text() switch
        {
            "ByteLevel" => SequenceTemplate.Empty,
            "Sequence" => Sequence(place.Required("processors")),
            "TemplateProcessing" => Template(place),
            "RobertaProcessing" or "BertProcessing" => new SequenceTemplate([Pair(place.Required("cls"))], [Pair(place.Required("sep"))]),
            _ => throw type.Unsupported("ByteLevel, Sequence, TemplateProcessing, RobertaProcessing, BertProcessing"),
        };
    }

    /// <summary>Each processor wraps what the ones before made.</summary>
    private static SequenceTemplate Sequence(JsonPlace processors)
        => processors.Items().Select(Read).Aggregate(SequenceTemplate.Empty,
            (inner, outer) => new SequenceTemplate([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After]));

    private static SequenceTemplate Template(JsonPlace place)
    {
        var before = new List<int>();
        var after = new List<int>();
        var current = before;
        foreach (var piece in place.Required("single").Items())
        {
            if (piece.Optional("Sequence") is not null) current = after;
            else current.AddRange(Ids(place, piece.Required("SpecialToken").Required("id").Text()));
        }

        return new SequenceTemplate(before, after);
    }

    private static IEnumerable<int> Ids(JsonPlace place, string token)
        => place.Required("special_tokens").Required(token).Required("ids").Items().Select(id => id.Id());

    /// <summary>["&lt;s&gt;", 0]</summary>
    private static int Pair(JsonPlace place)
        => place.Items().ToList() is [_, var id] ? id.Id() : throw place.Wrong("a token and its id");
}
