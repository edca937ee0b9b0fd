using Rlhf.Dpo;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Tests.Dpo;

public sealed class DpoRecipeTests
{
    [Theory]
    [InlineData("{objective: ipo, label_smoothing: 0.1}", "found 0.1 with objective ipo, which has none")]
    [InlineData("{objective: simpo, reference: models/x}", "measures from none")]
    [InlineData("target_margin: 1", "simpo alone has it")]
    [InlineData("{objective: orpo, log_probs: sum}", "which is made of means")]
    [InlineData("{objective: kto, log_probs: mean}", "a divergence of whole replies")]
    [InlineData("{objective: orpo, chosen_likelihood: 1}", "has that term already")]
    [InlineData("{objective: kto, chosen_likelihood: 1}", "knows no chosen side")]
    [InlineData("undesirable_weight: 2", "kto alone has them")]
    [InlineData("{objective: kto, batch_size: 1}", "expected at least 2")]
    public void Bind_WhatCannotWork_IsRefusedWithTheReason(string yaml, string words) =>
        Assert.Contains(words, Assert.Throws<RlhfException>(() => RecipeBinder.Bind<DpoRecipe>(yaml, "r.yaml")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{}", 0.1)]
    [InlineData("objective: kto", 0.1)]
    [InlineData("objective: simpo", 2)]
    [InlineData("objective: orpo", 0.1)]
    [InlineData("log_probs: mean", 5)]
    [InlineData("{objective: simpo, beta: 3}", 3)]
    public void Bind_BetaLeftEmpty_IsWhatTheObjectiveNeeds(string yaml, double beta) => Assert.Equal(beta, RecipeBinder.Bind<DpoRecipe>(yaml, "r.yaml").Strength);
}
