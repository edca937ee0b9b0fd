using Rlhf.Foundation.Torch;
using Rlhf.Maths;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// The loss of one micro-batch, <c>policy + c_v·value − c_e·entropy (+ β·KL) (+ c_τ·KL from a teacher)</c>, each a weighted sum over its tokens
/// with the weights of the whole minibatch, and the sums that the metrics want.
/// </summary>
internal sealed class LossTerms(PpoRecipe recipe, UpdateSettings settings)
{
    private readonly Surrogate _surrogate = new(recipe, settings.PenaltyCoefficient);

    public (Tensor Loss, Tensor Statistics) Of(TokenEvaluation now, MinibatchTokens then)
    {
        var policy = _surrogate.Loss(now.LogProbs, then);
        var value = now.Values is null ? null : CriticLoss(now.Values, then);

        var loss = value is null ? zeros_like(policy) : value * Number.Of(recipe.Critic.Coefficient);
        if (!settings.CriticOnly) loss = loss.Plus(policy.Plus(KlLoss(now.LogProbs, then)));
        if (!settings.CriticOnly && now.Entropy is not null) loss -= now.Entropy * Number.Of(settings.EntropyCoefficient);
        if (!settings.CriticOnly && now.TeacherKl is not null) loss = loss.Plus(now.TeacherKl * Number.Of(recipe.Teacher!.Coefficient));
        var total = (loss * then.Weights).sum();
        return (total, Statistics(now, then, policy, value, total));
    }

    private Tensor CriticLoss(Tensor values, MinibatchTokens then) => recipe.Critic.Clip > 0
        ? ValueLoss.PerToken(values, then.Values!, then.Returns!, recipe.Critic.Clip)
        : ValueLoss.PerToken(values, then.Returns!);

    private Tensor KlLoss(Tensor logProbs, MinibatchTokens then) => recipe.KlPlacement == KlPlacement.Loss
        ? KlEstimators.Estimate(recipe.KlEstimator, logProbs, then.ReferenceLogProbs!) * Number.Of(settings.KlCoefficient)
        : zeros_like(logProbs);

    /// <summary>In the order of <see cref="UpdateStatistics"/>.</summary>
    private Tensor Statistics(TokenEvaluation now, MinibatchTokens then, Tensor policy, Tensor? value, Tensor total)
    {
        using var off = no_grad();
        var logRatio = now.LogProbs - then.LogProbs;
        var ratio = logRatio.exp();
        var valueClipped = value is null || recipe.Critic.Clip == 0
            ? zeros_like(ratio)
            : ValueLoss.Clipped(now.Values!, then.Values!, then.Returns!, recipe.Critic.Clip).to_type(ratio.dtype);
        return stack(
        [
            (policy * then.Weights).sum(),
            value is null ? zeros_like(total) : (value * then.Weights).sum(),
            total,
            _surrogate.Clipped(now.LogProbs, then).sum() / Number.Of(then.Total),
            valueClipped.sum() / Number.Of(then.Total),
            logRatio.square().sum() * Number.Of(0.5) / Number.Of(then.Total),
            (logRatio.expm1() - logRatio).sum() / Number.Of(then.Total),
            ratio.sum() / Number.Of(then.Total),
            ratio.max(),
        ], 0).detach();
    }
}
