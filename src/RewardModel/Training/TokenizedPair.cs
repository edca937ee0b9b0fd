using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Training;

/// <summary>A pair as tokens: each side is prompt and reply, the replies closed by the end of text.</summary>
internal sealed record TokenizedPair(PreferencePair Pair, int[] Chosen, int[] Rejected)
{
    /// <summary>Tokens of the whole chosen reply, also of one that was cut.</summary>
    public required int ChosenReply { get; init; }

    public required int RejectedReply { get; init; }

    /// <summary>The longer side, which decides how wide the pair's rows are.</summary>
    public int Length => Math.Max(Chosen.Length, Rejected.Length);
}
