using Rlhf.Foundation.Files;
using Rlhf.Policies.Tokenization.Splitting;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>Reads tokenizer.json's `pre_tokenizer`.</summary>
internal static class SplittingJson
{
    private const string Supported = "Sequence, ByteLevel, Split, Digits, Metaspace, Whitespace, WhitespaceSplit, Punctuation, BertPreTokenizer";

    public static WordSplitting Read(JsonPlace place)
    {
        var splitting = WordSplitting.None;
        foreach (var step in Steps(place))
        {
            if (splitting.ByteLevel) throw step.Unsupported("ByteLevel as the last step");
            splitting = Then(splitting, step);
        }

        return splitting;
    }

    private static IEnumerable<JsonPlace> Steps(JsonPlace place)
        => place.Required("type").Text() == "Sequence" ? place.Required("pretokenizers").Items().SelectMany(Steps) : [place];

    private static WordSplitting Then(WordSplitting before, JsonPlace step)
    {
        var type = step.Required("type");
        return type.Text() switch
        {
            "ByteLevel" => ByteLevel(before, step),
            "Metaspace" => Metaspace(before, step),
            "Split" => With(before, Split(step)),
            "Digits" => With(before, new RegexSplitter(step.Flag("individual_digits", otherwise: false) ? SplitPattern.Digit() : SplitPattern.Digits(), MatchBehavior.Isolated)),
            "Whitespace" => With(before, new RegexSplitter(SplitPattern.WordOrSymbols(), MatchBehavior.Removed, MatchSense.BetweenPatterns)),
            "WhitespaceSplit" => With(before, new RegexSplitter(SplitPattern.WhiteSpace(), MatchBehavior.Removed)),
            "BertPreTokenizer" => With(With(before, new RegexSplitter(SplitPattern.WhiteSpace(), MatchBehavior.Removed)), new BertPunctuationSplitter()),
            "Punctuation" => With(before, new RegexSplitter(SplitPattern.Punctuation(), Behavior(step, MatchBehavior.Isolated))),
            _ => throw type.Unsupported(Supported),
        };
    }

    private static WordSplitting With(WordSplitting before, WordSplitter splitter) => before with { Splitters = [.. before.Splitters, splitter] };

    private static WordSplitting ByteLevel(WordSplitting before, JsonPlace step)
    {
        var splitting = before with { ByteLevel = true };
        if (step.Flag("add_prefix_space", otherwise: true)) splitting = splitting with { Start = First(before, step, new SpaceStart()) };
        return step.Flag("use_regex", otherwise: true)
            ? With(splitting, new RegexSplitter(SplitPattern.Gpt2(), MatchBehavior.Isolated))
            : splitting;
    }

    private static WordSplitting Metaspace(WordSplitting before, JsonPlace step)
    {
        var mark = step.OptionalText("replacement") ?? "▁";
        if (mark.Length != 1) throw step.Required("replacement").Wrong("one character");
        var scheme = step.OptionalText("prepend_scheme") switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            null => step.Flag("add_prefix_space", otherwise: true) ? PrependScheme.Always : PrependScheme.Never,
            _ => throw step.Required("prepend_scheme").Unsupported("always, first, never"),
        };
        var splitting = before with { Start = First(before, step, new MetaspaceStart(mark[0], scheme)) };
        return step.Flag("split", otherwise: true) ? With(splitting, new MetaspaceSplitter(mark[0])) : splitting;
    }

    /// <summary>A step that changes the text itself can only be the first.</summary>
    private static SegmentStart First(WordSplitting before, JsonPlace step, SegmentStart start)
        => before.Splitters.Count == 0 ? start : throw step.Unsupported("Metaspace, and ByteLevel with add_prefix_space, as the first step");

    private static RegexSplitter Split(JsonPlace step)
        => new(SplitPattern.Read(step.Required("pattern")), Behavior(step, MatchBehavior.Isolated),
            step.Flag("invert", otherwise: false) ? MatchSense.BetweenPatterns : MatchSense.Pattern);

    private static MatchBehavior Behavior(JsonPlace step, MatchBehavior otherwise)
        => step.OptionalText("behavior") is not { } name ? otherwise
            : Enum.TryParse<MatchBehavior>(name, ignoreCase: false, out var behavior) && Enum.IsDefined(behavior) ? behavior
            : throw step.Required("behavior").Unsupported(string.Join(", ", Enum.GetNames<MatchBehavior>()));
}
