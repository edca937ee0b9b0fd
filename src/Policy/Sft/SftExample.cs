namespace Rlhf.Policies.Sft;

/// <summary>A row as tokens, and which of them the loss counts.</summary>
internal sealed record SftExample(int[] Tokens, bool[] Counted);
