using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>What a policy and a reference make of the replies of n pairs: each [n].</summary>
internal sealed class PairNumbers
{
    /// <summary>Σ ln π(y⁺)</summary>
    public required Tensor Chosen { get; init; }

    public required Tensor Rejected { get; init; }

    /// <summary>Σ ln ρ(y⁺), or 0 where nothing is measured from a reference</summary>
    public required Tensor ReferenceChosen { get; init; }

    public required Tensor ReferenceRejected { get; init; }

    /// <summary>Tokens of y⁺.</summary>
    public required Tensor ChosenLengths { get; init; }

    public required Tensor RejectedLengths { get; init; }
}

/// <summary>The loss of each pair, as the recipe's objective has it.</summary>
internal sealed class PairLoss(DpoRecipe recipe)
{
    /// <returns>losses, and the rewards of both sides: β·(ln π − ln ρ), by sums or means</returns>
    public (Tensor Losses, Tensor ChosenRewards, Tensor RejectedRewards) Of(PairNumbers pairs)
    {
        var chosen = Scaled(pairs.Chosen - pairs.ReferenceChosen, pairs.ChosenLengths);
        var rejected = Scaled(pairs.Rejected - pairs.ReferenceRejected, pairs.RejectedLengths);
        var beta = recipe.Strength;
        var losses = recipe.Objective switch
        {
            DpoObjective.Ipo => DpoLoss.Ipo(chosen - rejected, beta),
            DpoObjective.Orpo => OrpoLoss.Of(chosen, rejected, beta),
            DpoObjective.Simpo => SimpoLoss.Of(chosen - rejected, beta, recipe.Margin),
            _ => DpoLoss.Sigmoid(chosen - rejected, beta, recipe.LabelSmoothing),
        };
        if (recipe.ChosenLikelihood > 0) losses -= ChosenMean(pairs) * Number.Of(recipe.ChosenLikelihood);
        return (losses, chosen * Number.Of(beta), rejected * Number.Of(beta));
    }

    /// <summary>The likelihood term (Pang et al. 2024, "Iterative reasoning preference optimization", arXiv:2404.19733, equation 2): the mean of ln π over the chosen reply's tokens.</summary>
    private static Tensor ChosenMean(PairNumbers pairs) => pairs.Chosen / pairs.ChosenLengths;

    private Tensor Scaled(Tensor sums, Tensor lengths) => recipe.LogProb == ReplyLogProb.Mean ? sums / lengths : sums;
}
