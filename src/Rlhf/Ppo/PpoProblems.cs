using Rlhf.Foundation.Recipes;
using Rlhf.Maths;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Ppo;

/// <summary>What does not go together in the section `ppo:`, each with the reason.</summary>
internal static class PpoProblems
{
    public static IEnumerable<Problem> Of(PpoRecipe recipe) => [.. Episodes(recipe), .. Surrogate(recipe), .. Kl(recipe), .. Entropy(recipe), .. Models(recipe)];

    private static IEnumerable<Problem> Episodes(PpoRecipe recipe)
    {
        var advantage = Scalars.Write(recipe.AdvantageKind);
        if (recipe.ComparesGroups && recipe.GroupSize < 2)
            yield return new(nameof(PpoRecipe.SamplesPerPrompt), $"found {recipe.GroupSize}; advantage {advantage} compares the episodes of one prompt, so it needs at least 2");
        if (recipe.Episodes % recipe.GroupSize != 0)
            yield return new(nameof(PpoRecipe.Episodes), $"found {recipe.Episodes}; expected a multiple of samples_per_prompt ({recipe.GroupSize})");
        if (recipe.Minibatches > recipe.Episodes)
            yield return new(nameof(PpoRecipe.Minibatches), $"found {recipe.Minibatches}; expected at most one per episode ({recipe.Episodes})");
        if (recipe.ResampleRounds > 0 && !recipe.ComparesGroups)
            yield return new(nameof(PpoRecipe.ResampleRounds), $"found {recipe.ResampleRounds}; with advantage {advantage} episodes that score the same still teach something, expected 0");
        if (recipe.Sampling.Greedy)
            yield return new(nameof(PpoRecipe.Sampling), "found temperature 0; a greedy policy never tries anything, expected above 0");
        else if (!recipe.Sampling.IsFullSoftmax)
            yield return new(nameof(PpoRecipe.Sampling), "found truncated sampling (top_k, top_p, min_new_tokens or repetition_penalty); PPO scores tokens with the full softmax, and drawing them from another distribution makes the KL wrong, which the policy then exploits");
        if (recipe.OverLong.Window > recipe.Sampling.MaxNewTokens)
            yield return new(nameof(PpoRecipe.OverLong), $"found a window of {recipe.OverLong.Window} tokens; expected at most sampling.max_new_tokens ({recipe.Sampling.MaxNewTokens})");
        if (recipe.BootstrapTruncated && !recipe.HasCritic)
            yield return new(nameof(PpoRecipe.BootstrapTruncated), $"found true; advantage {advantage} has no critic to ask for the value of a cut-off episode");
    }

    private static IEnumerable<Problem> Surrogate(PpoRecipe recipe)
    {
        var objective = Scalars.Write(recipe.Surrogate);
        if (recipe.DualClip is > 0 and <= 1)
            yield return new(nameof(PpoRecipe.DualClip), $"found {recipe.DualClip}; expected above 1, or 0 for none");
        if (recipe.DualClip > 0 && recipe.Surrogate is not (PolicyObjective.Clip or PolicyObjective.SequenceClip))
            yield return new(nameof(PpoRecipe.DualClip), $"found {recipe.DualClip}; objective {objective} has no clipped loss to bound, expected 0");
        if (!recipe.Clips && recipe.Clip is { } clip)
            yield return new(nameof(PpoRecipe.Clip), $"found {Scalars.Number(clip)}; objective {objective} clips nothing, expected nothing");
        if (!recipe.Clips && recipe.ClipHigh is { } high)
            yield return new(nameof(PpoRecipe.ClipHigh), $"found {Scalars.Number(high)}; objective {objective} clips nothing, expected nothing");
        if (recipe.Surrogate == PolicyObjective.PolicyGradient && recipe.Epochs > 1)
            yield return new(nameof(PpoRecipe.Epochs), $"found {recipe.Epochs}; objective policy_gradient has no ratio that says how far the policy has moved from its episodes, expected 1 (or another objective)");
    }

    private static IEnumerable<Problem> Kl(PpoRecipe recipe)
    {
        if (recipe is { KlPlacement: KlPlacement.Loss, KlEstimator: KlEstimator.K1 })
            yield return new(nameof(PpoRecipe.Kl), "found estimator k1 in the loss; its expected gradient is 0, so it would hold the policy near nothing. Expected k2 or k3, or placement reward");
        if (recipe is { Kl.Control: KlControl.Adaptive, KlCoefficient: > 0 } && recipe.Kl.Horizon < recipe.Episodes)
            yield return new(nameof(PpoRecipe.Kl), $"found a horizon of {Scalars.Number(recipe.Kl.Horizon)} for {recipe.Episodes} episodes a step; the control reacts once a step and cannot be faster, expected at least {recipe.Episodes}");
    }

    private static IEnumerable<Problem> Entropy(PpoRecipe recipe)
    {
        if (recipe.EntropyTarget > 0 && recipe.EntropyCoefficientEnd is not null)
            yield return new(nameof(PpoRecipe.EntropyCoefficientEnd), "found beside entropy_target, which moves the weight itself; expected one of the two");
    }

    private static IEnumerable<Problem> Models(PpoRecipe recipe)
    {
        if (recipe is { Algorithm: Algorithm.Distillation, Teacher: null })
            yield return new(nameof(PpoRecipe.Teacher), "found none; algorithm distillation learns from nothing else. Expected teacher.model");
        if (!recipe.HasScore && recipe.Score != new ScoreOptions())
            yield return new(nameof(PpoRecipe.Score), "found sources of a score with algorithm distillation, which learns from a teacher alone; choose another algorithm, which takes a teacher beside its score");
        if (recipe.Lora.IsOn && (recipe.Reference.Ema > 0 || recipe.Reference.ResetEvery > 0))
            yield return new(nameof(PpoRecipe.Lora), "found adapters beside a reference that follows the policy (reference.ema, reference.reset_every); the reference is the policy's own base then, which stands still. Expected lora.rank 0 or a frozen reference");
        if (recipe.Lora.IsOn && recipe.Reference is { Offload: true, Model: null })
            yield return new(nameof(PpoRecipe.Lora), "found adapters beside reference.offload; the reference is the policy's own base then, and no second copy is there to move. Expected reference.offload false");
    }
}
