namespace Rlhf.Rewards.Preferences;

/// <summary>What a column holds: its name and how many rows hold what kind of value.</summary>
internal sealed record ColumnSummary(string Name, IReadOnlyDictionary<string, long> Holds);

/// <summary>What there is to know about a data file before one trains on it.</summary>
internal sealed record Inspection
{
    public required string File { get; init; }

    /// <summary>jsonl, json, jsonl.gz, json.gz or parquet.</summary>
    public required string Format { get; init; }

    /// <summary>What its rows are for: preferences, answers (of people, to be converted to preferences), sft, dialogues, labels, text, prompts, or unknown.</summary>
    public required string Shape { get; init; }

    /// <summary>All rows, the defective ones among them.</summary>
    public required long Rows { get; init; }

    public required IReadOnlyList<ColumnSummary> Columns { get; init; }

    /// <summary>By part (prompt, chosen, …) and unit (characters, tokens), over the rows that can be used.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, LengthSummary>> Lengths { get; init; }

    /// <summary>Defective rows by kind.</summary>
    public required IReadOnlyDictionary<string, long> Defects { get; init; }

    /// <summary>Every defective row, up to <see cref="DefectLog.MostKept"/>.</summary>
    public required IReadOnlyList<Defect> DefectiveRows { get; init; }

    /// <summary>The texts of the first rows, cut to a readable length.</summary>
    public required IReadOnlyList<IReadOnlyDictionary<string, string>> Examples { get; init; }
}
