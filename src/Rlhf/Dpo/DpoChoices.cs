namespace Rlhf.Dpo;

/// <summary>What a recipe comes to where it leaves a key empty.</summary>
internal static class DpoChoices
{
    // SimPO's paper: β from 2 to 2.5, γ/β about a half. Tülu 3: β = 5 for means, which are smaller than sums.
    private const double SimpoBeta = 2, SimpoMarginShare = 0.5, MeanBeta = 5, SumBeta = 0.1, OrpoWeight = 0.1;

    extension(DpoRecipe recipe)
    {
        /// <summary>Whether anything is measured from a reference.</summary>
        public bool UsesReference => recipe.Objective is DpoObjective.Sigmoid or DpoObjective.Ipo or DpoObjective.Kto;

        public ReplyLogProb LogProb => recipe.LogProbs ?? (recipe.Objective is DpoObjective.Orpo or DpoObjective.Simpo ? ReplyLogProb.Mean : ReplyLogProb.Sum);

        public double Strength => recipe.Beta ?? recipe.Objective switch
        {
            DpoObjective.Simpo => SimpoBeta,
            DpoObjective.Orpo => OrpoWeight,
            _ => recipe.LogProb == ReplyLogProb.Mean ? MeanBeta : SumBeta,
        };

        public double Margin => recipe.TargetMargin ?? SimpoMarginShare * recipe.Strength;
    }
}
