using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Tests.Evaluation;

/// <summary>Pairs with made-up judgements.</summary>
internal static class Judged
{
    public static JudgedPair Pair(double chosen, double rejected, int chosenTokens = 10, int rejectedTokens = 10, double? goldChosen = null, double? goldRejected = null) => new()
    {
        Pair = new PreferencePair("p", "c", "r") { ChosenScore = goldChosen, RejectedScore = goldRejected },
        Chosen = chosen,
        Rejected = rejected,
        Logits = [chosen - rejected],
        ChosenTokens = chosenTokens,
        RejectedTokens = rejectedTokens,
    };

    public static JudgedPair Logits(params double[] logits) => Pair(logits.Average(), 0) with { Logits = logits };
}
