using Rlhf.Foundation.Torch;
using Rlhf.Maths;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// Token rewards (Ziegler et al. 2019): <c>r_t = −β·k(t)</c>, and the score of the episode on its last token.
/// </summary>
internal sealed class KlPenalty(PpoRecipe recipe)
{
    /// <returns>[B,T]</returns>
    public Tensor Apply(Rollout rollout, double coefficient) => Apply(rollout, rollout.Scores, coefficient);

    /// <param name="rollout">with the log-probs of policy and reference</param>
    /// <param name="scores">[B]</param>
    /// <param name="coefficient">β</param>
    public Tensor Apply(Trajectories rollout, Tensor scores, double coefficient)
    {
        using var scope = NewDisposeScope();
        var rewards = OnLastToken(scores, rollout.Mask);
        if (recipe.KlPlacement == KlPlacement.Reward)
            rewards -= KlEstimators.Estimate(recipe.KlEstimator, rollout.LogProbs, rollout.ReferenceLogProbs!) * Number.Of(coefficient);
        rewards = recipe.WhitenRewards ? Whitening.Scale(rewards, rollout.Mask) : Masked.Keep(rewards, rollout.Mask);
        return rewards.MoveToOuterDisposeScope();
    }

    /// <summary>[B] onto the last real token of each row of [B,T].</summary>
    internal static Tensor OnLastToken(Tensor perEpisode, Tensor mask)
    {
        var last = mask.to_type(ScalarType.Int64).sum(1, keepdim: true) - Number.Of(1);
        return zeros(mask.shape, dtype: perEpisode.dtype, device: mask.device).scatter(1, last, perEpisode.unsqueeze(1));
    }
}
