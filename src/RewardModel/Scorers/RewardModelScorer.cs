using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Models;

namespace Rlhf.Rewards.Scorers;

/// <summary>The score of a reward model, or of an ensemble, whose tokenizer is the policy's.</summary>
public sealed class RewardModelScorer(RewardEnsemble ensemble, int pad) : IScorer
{
    public string Name => "reward_model";

    public double[] Score(IReadOnlyList<ScoredText> items) =>
        [.. ensemble.Score([.. items.Select(item => (int[])[.. item.PromptTokens, .. item.ResponseTokens])], pad).Select(scores => scores.Score)];
}

/// <summary>The score of a reward model with a tokenizer of its own: texts are tokenized again.</summary>
public sealed class ForeignRewardModelScorer(RewardEnsemble ensemble, TextTokenizer tokenizer) : IScorer
{
    public string Name => "reward_model";

    public double[] Score(IReadOnlyList<ScoredText> items) =>
        [.. ensemble.Score([.. items.Select(item => Training.ReplyTokens.Whole(tokenizer, item.Prompt, item.Response))], tokenizer.PadOrEos).Select(scores => scores.Score)];
}
