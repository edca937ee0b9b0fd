namespace Rlhf.Rewards.Preferences;

/// <summary>A prompt to respond to, and the line of the file it stands on.</summary>
public sealed record PromptRow(string Prompt, long Line);
