namespace Rlhf.Policies.Tokenization.Splitting;

/// <summary>What is changed about a segment before it is split.</summary>
internal abstract record SegmentStart
{
    public static SegmentStart AsIs { get; } = new UnchangedStart();

    /// <param name="text">A segment that is not empty.</param>
    /// <param name="position">Where it began in the whole text.</param>
    public abstract string Prepare(string text, int position);

    private sealed record UnchangedStart : SegmentStart
    {
        public override string Prepare(string text, int position) => text;
    }
}

/// <summary>A space before every segment that has none (GPT-2's add_prefix_space).</summary>
internal sealed record SpaceStart : SegmentStart
{
    public override string Prepare(string text, int position) => text[0] == ' ' ? text : " " + text;
}

/// <summary>SentencePiece's mark in place of every space, and before segments as the scheme says.</summary>
internal sealed record MetaspaceStart(char Mark, PrependScheme Scheme) : SegmentStart
{
    public override string Prepare(string text, int position)
    {
        var marked = text.Replace(' ', Mark);
        var prepend = Scheme == PrependScheme.Always || (Scheme == PrependScheme.First && position == 0);
        return prepend && marked[0] != Mark ? Mark + marked : marked;
    }
}

internal enum PrependScheme { Always, First, Never }
