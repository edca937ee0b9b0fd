using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Training;

namespace Rlhf.Rewards.Scorers;

/// <summary>The score of a reward model, or of an ensemble, whose tokenizer is the policy's.</summary>
public sealed class RewardModelScorer(RewardEnsemble ensemble, int pad) : IScorer
{
    public string Name => "reward_model";

    public double[] Score(IReadOnlyList<ScoredText> items) =>
        [.. ensemble.Score([.. items.Select(item => (int[])[.. item.PromptTokens, .. item.ResponseTokens])], pad).Select(scores => scores.Score)];
}

/// <summary>The score of a reward model with a tokenizer of its own: texts are tokenized again, and end where the policy ended them.</summary>
/// <param name="policyEnds">tokens that the policy ends a text with</param>
public sealed class ForeignRewardModelScorer(RewardEnsemble ensemble, TextTokenizer tokenizer, IReadOnlySet<int> policyEnds) : IScorer
{
    public string Name => "reward_model";

    public double[] Score(IReadOnlyList<ScoredText> items) =>
        [.. ensemble.Score([.. items.Select(item => ReplyTokens.Of(tokenizer, item.Prompt, item.Response, item.ResponseTokens is [.., var last] && policyEnds.Contains(last)))], tokenizer.PadOrEos).Select(scores => scores.Score)];
}
