namespace Rlhf.Cli.Labels;

/// <summary>What somebody said of a pair.</summary>
internal enum Answer
{
    First,
    Second,
    Tie,
    Skip,
}

/// <summary>A line of the label file: an answer with the texts it is about, or the taking back of an earlier one.</summary>
internal sealed record LabelEntry
{
    /// <summary>Chosen by whoever asks for the entry: asked for again, it is the same entry and not a second one.</summary>
    public required string Id { get; init; }

    public required string Annotator { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>The id of the entry that this one takes back; null for an answer.</summary>
    public string? Undo { get; init; }

    public string? Pair { get; init; }

    public Answer? Answer { get; init; }

    /// <summary>The response that stood left.</summary>
    public Side? Left { get; init; }

    /// <summary>How much better: 1 slightly, 2 clearly, 3 much.</summary>
    public int? Strength { get; init; }

    public string? Note { get; init; }

    /// <summary>From seeing the pair to answering.</summary>
    public double? Seconds { get; init; }

    public string? Prompt { get; init; }

    public string? First { get; init; }

    public string? Second { get; init; }
}
