using Rlhf.Maths;

namespace Rlhf.Ppo;

/// <summary>What a recipe comes to where it leaves a key empty.</summary>
internal static class PpoChoices
{
    private const int UsualGroup = 8;
    private const double UsualClip = 0.2;

    // The mean over a response's tokens moves less than one token does. GSPO's paper has 3e-4 and 4e-4 for large models at learning
    // rates of 1e-6; small ones move a hundred times as far in an update, and every minibatch behind the first would be clipped whole.
    private const double SequenceClip = 0.03, SequenceClipHigh = 0.04;

    // Weights up to 5, as in "The art of scaling reinforcement learning compute for LLMs" (Khatri et al. 2025).
    private const double WeightClipHigh = 4;

    extension(PpoRecipe recipe)
    {
        public Method Method => Method.Of(recipe.Algorithm);

        public Advantage AdvantageKind => recipe.Advantage ?? recipe.Method.Advantage;

        public PolicyObjective Surrogate => recipe.Objective ?? recipe.Method.Objective;

        public bool HasCritic => recipe.AdvantageKind == Advantage.Gae;

        /// <summary>Whether episodes are scored; else a teacher alone is learnt from.</summary>
        public bool HasScore => recipe.Algorithm != Algorithm.Distillation;

        public bool ComparesGroups => recipe.AdvantageKind is Advantage.Group or Advantage.GroupMean or Advantage.LeaveOneOut;

        public int GroupSize => recipe.SamplesPerPrompt ?? (recipe.ComparesGroups ? UsualGroup : 1);

        public bool Whitens => recipe.WhitenAdvantages ?? recipe.Method.Whitens;

        public LossAveraging Averaging => recipe.LossAveraging ?? recipe.Method.Averaging;

        /// <summary>Whether the surrogate clips at all.</summary>
        public bool Clips => recipe.Surrogate is PolicyObjective.Clip or PolicyObjective.SequenceClip or PolicyObjective.ClippedWeight;

        public double LowerClip => recipe.Clip ?? recipe.Surrogate switch
        {
            PolicyObjective.SequenceClip => SequenceClip,
            PolicyObjective.ClippedWeight => 1,
            _ => UsualClip,
        };

        public double UpperClip => recipe.ClipHigh ?? (recipe.Surrogate, recipe.Clip) switch
        {
            (PolicyObjective.ClippedWeight, _) => WeightClipHigh,
            (PolicyObjective.SequenceClip, null) => SequenceClipHigh,
            _ => recipe.LowerClip,
        };

        public KlPlacement KlPlacement => recipe.Kl.Placement ?? recipe.Method.KlPlacement;

        public KlEstimator KlEstimator => recipe.Kl.Estimator ?? (recipe.KlPlacement == KlPlacement.Loss ? KlEstimator.K3 : KlEstimator.K1);

        public double KlCoefficient => recipe.Kl.Coefficient ?? recipe.Method.KlCoefficient;

        /// <summary>Whether an update wants the entropy of each token's distribution.</summary>
        public bool RewardsEntropy => recipe.EntropyCoefficient > 0 || recipe.EntropyCoefficientEnd > 0 || recipe.EntropyTarget > 0;
    }
}
