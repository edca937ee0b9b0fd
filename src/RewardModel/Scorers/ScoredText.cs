using Rlhf.Foundation;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Scorers;

/// <summary>A response to score: as text, and as the policy's tokens (with the end of text where it ended so).</summary>
public sealed record ScoredText(string Prompt, string Response, int[] PromptTokens, int[] ResponseTokens)
{
    /// <summary>What the prompt's row says beside the prompt, column by column: right answers, texts to compare with.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    public string Fact(string column) => Facts.TryGetValue(column, out var fact) ? fact
        : throw new RlhfException($"the prompt '{PlainText.Beginning(Prompt)}' comes without the column '{column}' that its score asks for; give prompts from a file that has it");
}
