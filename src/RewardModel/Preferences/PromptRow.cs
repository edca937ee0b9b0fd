namespace Rlhf.Rewards.Preferences;

/// <summary>A prompt to respond to, and the line of the file it stands on.</summary>
internal sealed record PromptRow(string Prompt, long Line)
{
    /// <summary>What its row says in the columns that were asked for.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();
}
