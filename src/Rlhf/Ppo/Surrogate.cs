using Rlhf.Maths;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>The policy's loss per token, as the recipe's objective has it.</summary>
internal sealed class Surrogate(PpoRecipe recipe, double penaltyCoefficient)
{
    /// <param name="logProbs">[N] ln π, with gradients</param>
    /// <param name="then">what was believed of the tokens when they were drawn</param>
    public Tensor Loss(Tensor logProbs, MinibatchTokens then)
    {
        var logRatio = logProbs - then.LogProbs;
        var loss = recipe.Surrogate switch
        {
            PolicyObjective.PolicyGradient => PolicyGradientLoss.PerToken(logProbs, then.Advantages),
            PolicyObjective.KlPenalty => KlPenaltyLoss.PerToken(logRatio, then.Advantages, penaltyCoefficient),
            PolicyObjective.ClippedWeight => ClippedWeightLoss.PerToken(logProbs, logRatio.exp(), then.Advantages, recipe.LowerClip, recipe.UpperClip),
            _ => ClippedLoss.PerToken(Ratio(logRatio, then), then.Advantages, recipe.LowerClip, recipe.UpperClip),
        };
        if (recipe.DualClip > 0) loss = ClippedLoss.DualClip(loss, then.Advantages, recipe.DualClip);
        return then.Correction is { } weights ? loss * weights : loss;
    }

    /// <summary>[N] true where the clip decided the loss, or the weight; false everywhere for an objective that clips nothing.</summary>
    public Tensor Clipped(Tensor logProbs, MinibatchTokens then)
    {
        var logRatio = logProbs - then.LogProbs;
        return recipe.Surrogate switch
        {
            PolicyObjective.ClippedWeight => ClippedWeightLoss.Clipped(logRatio.exp(), recipe.LowerClip, recipe.UpperClip),
            PolicyObjective.Clip or PolicyObjective.SequenceClip => ClippedLoss.Clipped(Ratio(logRatio, then), then.Advantages, recipe.LowerClip, recipe.UpperClip),
            _ => zeros_like(logRatio).to_type(ScalarType.Bool),
        };
    }

    private Tensor Ratio(Tensor logRatio, MinibatchTokens then) =>
        recipe.Surrogate == PolicyObjective.SequenceClip ? SequenceRatio.PerToken(logRatio, then.Episodes, then.Lengths) : logRatio.exp();
}
