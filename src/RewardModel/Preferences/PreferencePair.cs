namespace Rlhf.Rewards.Preferences;

/// <summary>Two replies to one prompt, of which people preferred the first. Prompt + reply is the text a model reads.</summary>
public sealed record PreferencePair(string Prompt, string Chosen, string Rejected)
{
    /// <summary>How much better the chosen reply is, in units of reward; null where the data does not say.</summary>
    public double? Margin { get; init; }

    /// <summary>A score the data gives the chosen reply, such as gold; null where it does not.</summary>
    public double? ChosenScore { get; init; }

    /// <summary>A score the data gives the rejected reply; null where it does not.</summary>
    public double? RejectedScore { get; init; }

    /// <summary>The line of the file it stands on.</summary>
    public long Line { get; init; }
}
