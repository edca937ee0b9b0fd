namespace Rlhf.Rewards.Preferences;

/// <summary>A reply that people found desirable or not, and the line of the file it stands on.</summary>
internal sealed record RatedRow(string Prompt, string Reply, bool IsDesirable, long Line);
