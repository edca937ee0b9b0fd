namespace Rlhf.Rewards.Preferences;

/// <summary>What can be wrong with a row; reports write them in snake_case.</summary>
internal enum DefectKind
{
    /// <summary>The line is no row at all (no JSON, cut off, not UTF-8).</summary>
    Unreadable,

    /// <summary>A column that other rows have is missing or null.</summary>
    MissingColumn,

    /// <summary>A column holds something of the wrong kind.</summary>
    WrongType,

    /// <summary>The prompt is empty.</summary>
    EmptyPrompt,

    /// <summary>A reply is empty.</summary>
    EmptyReply,

    /// <summary>Both replies are the same.</summary>
    IdenticalSides,

    /// <summary>The dialogues before the last reply differ.</summary>
    PromptsDiffer,

    /// <summary>There is no prompt column, and the two sides have no beginning in common.</summary>
    NoSharedPrefix,

    /// <summary>A dialogue does not end with a reply.</summary>
    NoReply,

    /// <summary>Longer than the limit asked for.</summary>
    TooLong,
}
