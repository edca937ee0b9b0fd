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
/// <param name="policyEos">the policy's end of text</param>
public sealed class ForeignRewardModelScorer(RewardEnsemble ensemble, TextTokenizer tokenizer, int? policyEos) : IScorer
{
    public string Name => "reward_model";

    public double[] Score(IReadOnlyList<ScoredText> items) =>
        [.. ensemble.Score([.. items.Select(Tokens)], tokenizer.PadOrEos).Select(scores => scores.Score)];

    private int[] Tokens(ScoredText item) => item.ResponseTokens is [.., var last] && last == policyEos
        ? ReplyTokens.Whole(tokenizer, item.Prompt, item.Response)
        : [.. ReplyTokens.Prompt(tokenizer, item.Prompt), .. tokenizer.Encode(item.Response)];
}
