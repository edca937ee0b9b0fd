namespace Rlhf.Rewards.Scorers;

/// <summary>A response to score: as text, and as the policy's tokens (with the end of text where it ended so).</summary>
public sealed record ScoredText(string Prompt, string Response, int[] PromptTokens, int[] ResponseTokens);
