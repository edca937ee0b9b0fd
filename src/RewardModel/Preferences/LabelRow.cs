namespace Rlhf.Rewards.Preferences;

/// <summary>A text with a label from 0 (bad) to 1 (good), and the line of the file it stands on.</summary>
internal sealed record LabelRow(string Text, double Label, long Line);
