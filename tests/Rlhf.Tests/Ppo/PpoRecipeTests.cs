using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Maths;
using Rlhf.Ppo;

namespace Rlhf.Tests.Ppo;

public sealed class PpoRecipeTests
{
    [Theory]
    [InlineData("sampling: {top_k: 50}", "PPO scores tokens with the full softmax")]
    [InlineData("sampling: {top_p: 0.9}", "PPO scores tokens with the full softmax")]
    [InlineData("sampling: {min_new_tokens: 4}", "PPO scores tokens with the full softmax")]
    [InlineData("sampling: {temperature: 0}", "a greedy policy never tries anything")]
    [InlineData("sampling: {temperature: 1e-300}", "sampling.temperature: found 1e-300; logits divided by it")]
    [InlineData("{algorithm: grpo, samples_per_prompt: 1}", "needs at least 2")]
    [InlineData("{episodes: 10, samples_per_prompt: 4}", "expected a multiple of samples_per_prompt (4)")]
    [InlineData("{episodes: 4, minibatches: 8}", "expected at most one per episode (4)")]
    [InlineData("dual_clip: 0.5", "expected above 1")]
    [InlineData("{lora: {rank: 2}, reference: {ema: 0.1}}", "Expected lora.rank 0 or a frozen reference")]
    [InlineData("{lora: {rank: 2}, reference: {offload: true}}", "no second copy is there to move")]
    [InlineData("{algorithm: reinforce++, bootstrap_truncated: true}", "has no critic")]
    [InlineData("{advantage: leave_one_out, samples_per_prompt: 1}", "advantage leave_one_out compares the episodes of one prompt")]
    [InlineData("{algorithm: grpo, kl: {estimator: k1}}", "its expected gradient is 0")]
    [InlineData("kl: {estimator: k1, placement: loss}", "its expected gradient is 0")]
    [InlineData("kl: {horizon: 63}", "found a horizon of 63 for 64 episodes a step")]
    [InlineData("{objective: kl_penalty, clip: 0.1}", "objective kl_penalty clips nothing")]
    [InlineData("{objective: policy_gradient, epochs: 1, clip_high: 0.1}", "objective policy_gradient clips nothing")]
    [InlineData("objective: policy_gradient", "has no ratio that says how far the policy has moved")]
    [InlineData("{algorithm: cispo, dual_clip: 3}", "objective clipped_weight has no clipped loss to bound")]
    [InlineData("resample_rounds: 2", "with advantage gae episodes that score the same still teach something")]
    [InlineData("over_long: {window: 49}", "expected at most sampling.max_new_tokens (48)")]
    [InlineData("{entropy_target: 1, entropy_coefficient_end: 0}", "expected one of the two")]
    [InlineData("algorithm: distillation", "algorithm distillation learns from nothing else")]
    [InlineData("{algorithm: distillation, teacher: {model: m}, score: {world: {}}}", "choose another algorithm, which takes a teacher beside its score")]
    [InlineData("teacher: {coefficient: 2}", "teacher.model: found nothing")]
    public void Bind_WhatCannotWork_IsRefusedWithTheReason(string yaml, string words) =>
        Assert.Contains(words, Assert.Throws<RlhfException>(() => RecipeBinder.Bind<PpoRecipe>(yaml, "r.yaml")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{}", 1, KlPlacement.Reward, KlEstimator.K1)]
    [InlineData("algorithm: grpo", 8, KlPlacement.Loss, KlEstimator.K3)]
    [InlineData("algorithm: rloo", 8, KlPlacement.Reward, KlEstimator.K1)]
    [InlineData("{algorithm: rloo, kl: {placement: loss}}", 8, KlPlacement.Loss, KlEstimator.K3)]
    [InlineData("{algorithm: grpo, advantage: gae}", 1, KlPlacement.Loss, KlEstimator.K3)]
    public void Bind_KeysLeftEmpty_AreWhatTheAlgorithmNeeds(string yaml, int groupSize, KlPlacement placement, KlEstimator estimator)
    {
        var recipe = RecipeBinder.Bind<PpoRecipe>(yaml, "r.yaml");
        Assert.Equal((groupSize, placement, estimator), (recipe.GroupSize, recipe.KlPlacement, recipe.KlEstimator));
    }

    [Fact]
    public void Bind_AlgorithmReinforcePlusPlus_IsSpeltWithItsSigns() =>
        Assert.Equal(Algorithm.ReinforcePlusPlus, RecipeBinder.Bind<PpoRecipe>("algorithm: reinforce++", "r.yaml").Algorithm);
}
