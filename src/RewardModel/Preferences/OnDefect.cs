namespace Rlhf.Rewards.Preferences;

/// <summary>What a defective row leads to.</summary>
public enum OnDefect
{
    /// <summary>The row is left out, counted and reported.</summary>
    Skip,

    /// <summary>The first one ends the program with an error.</summary>
    Error,
}
