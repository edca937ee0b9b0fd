using Rlhf.Foundation.Recipes;

namespace Rlhf.Dpo;

/// <summary>What does not go together in the section `dpo:`, each with the reason.</summary>
internal static class DpoProblems
{
    public static IEnumerable<Problem> Of(DpoRecipe recipe)
    {
        var objective = Scalars.Write(recipe.Objective);
        if (recipe.LabelSmoothing > 0 && recipe.Objective != DpoObjective.Sigmoid)
            yield return new(nameof(DpoRecipe.LabelSmoothing), $"found {Scalars.Number(recipe.LabelSmoothing)} with objective {objective}, which has none; expected 0");
        if (!recipe.UsesReference && recipe.Reference is not null)
            yield return new(nameof(DpoRecipe.Reference), $"found one with objective {objective}, which measures from none; leave it away");
        if (recipe.TargetMargin is not null && recipe.Objective != DpoObjective.Simpo)
            yield return new(nameof(DpoRecipe.TargetMargin), $"found one with objective {objective}; simpo alone has it");
        if (recipe.LogProbs == ReplyLogProb.Sum && recipe.Objective is DpoObjective.Orpo or DpoObjective.Simpo)
            yield return new(nameof(DpoRecipe.LogProbs), $"found sum with objective {objective}, which is made of means; leave it away");
        if (recipe.LogProbs == ReplyLogProb.Mean && recipe.Objective == DpoObjective.Kto)
            yield return new(nameof(DpoRecipe.LogProbs), "found mean with objective kto, whose reference point is a divergence of whole replies; leave it away");
        if (recipe.ChosenLikelihood > 0 && recipe.Objective is DpoObjective.Orpo or DpoObjective.Kto)
            yield return new(nameof(DpoRecipe.ChosenLikelihood), $"found {Scalars.Number(recipe.ChosenLikelihood)} with objective {objective}, which {(recipe.Objective == DpoObjective.Orpo ? "has that term already" : "knows no chosen side")}; expected 0");
        if (recipe.Objective != DpoObjective.Kto && (recipe.DesirableWeight != 1 || recipe.UndesirableWeight != 1))
            yield return new(nameof(DpoRecipe.DesirableWeight), $"found weights of replies with objective {objective}; kto alone has them");
        if (recipe is { Objective: DpoObjective.Kto, BatchSize: < 2 })
            yield return new(nameof(DpoRecipe.BatchSize), $"found {recipe.BatchSize}; kto's reference point is a mean over the batch, expected at least 2");
    }
}
