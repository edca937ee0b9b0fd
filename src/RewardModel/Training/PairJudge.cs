using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Models;

namespace Rlhf.Rewards.Training;

/// <summary>Has a reward model score both sides of pairs.</summary>
internal static class PairJudge
{
    public static IReadOnlyList<JudgedPair> Judge(RewardEnsemble ensemble, IReadOnlyList<TokenizedPair> pairs, int pad)
    {
        var scores = ensemble.Score([.. pairs.Select(pair => pair.Chosen), .. pairs.Select(pair => pair.Rejected)], pad);
        return [.. pairs.Select((pair, i) => new JudgedPair
        {
            Pair = pair.Pair,
            Chosen = scores[i].Score,
            Rejected = scores[pairs.Count + i].Score,
            Logits = [.. scores[i].Logits.Zip(scores[pairs.Count + i].Logits, (chosen, rejected) => chosen - rejected)],
            ChosenTokens = pair.ChosenReply,
            RejectedTokens = pair.RejectedReply,
        })];
    }
}
