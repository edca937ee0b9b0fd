using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Tests.Models;
using Rlhf.Rewards.Training;

namespace Rlhf.Rewards.Tests.Training;

/// <summary>Pairs with something to learn: the chosen reply ends with token 5, the rejected one with token 6.</summary>
internal static class ToyPairs
{
    public static TokenizedPair[] Make(int count, double? margin = null) => [.. Enumerable.Range(0, count).Select(i =>
    {
        int[] prompt = TinyReward.Row(2 + i % 5, i);
        return new TokenizedPair(new PreferencePair($"p{i}", "a", "b") { Margin = margin }, [.. prompt, 5], [.. prompt, 7, 6]) { ChosenReply = 1, RejectedReply = 2 };
    })];

    public static PairObjective Objective(int train = 24, int heldOut = 8, BradleyTerryOptions? options = null)
    {
        var pairs = Make(train + heldOut);
        return new PairObjective(pairs[..train], pairs[train..], options ?? new BradleyTerryOptions(), TinyReward.Pad);
    }
}
