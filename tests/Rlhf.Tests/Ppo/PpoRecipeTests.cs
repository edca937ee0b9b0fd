using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
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
    public void Bind_WhatCannotWork_IsRefusedWithTheReason(string yaml, string words) =>
        Assert.Contains(words, Assert.Throws<RlhfException>(() => RecipeBinder.Bind<PpoRecipe>(yaml, "r.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void Bind_AlgorithmReinforcePlusPlus_IsSpeltWithItsSigns() =>
        Assert.Equal(Algorithm.ReinforcePlusPlus, RecipeBinder.Bind<PpoRecipe>("algorithm: reinforce++", "r.yaml").Algorithm);
}
