using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Models;
using Rlhf.Policies.Training;
using Rlhf.Ppo;

namespace Rlhf.Cli.Cards;

/// <summary>How a stage trained, in the recipe's own words.</summary>
internal static class CardMethod
{
    /// <summary>Names and values; a value is a name of the recipe, a number or a path.</summary>
    public static IReadOnlyList<(string Name, string Value)> Of(CardRun run) => run.Recipe switch
    {
        { Ppo: { } ppo } => [.. Ppo(ppo)],
        { Dpo: { } dpo } =>
        [
            ("objective", Scalars.Write(dpo.Objective)), ("beta", dpo.Beta is { } beta ? Scalars.Number(beta) : "the objective's own"),
            ("reference", dpo.Reference ?? "the model as it started"), ("pairs of a step", $"{dpo.BatchSize}"), ("epochs", Scalars.Number(dpo.Epochs)), .. Common(dpo.Optimizer, dpo.Lora),
        ],
        { Reward: { } reward } =>
        [
            ("learns from", Scalars.Write(reward.LearnFrom)), ("models", $"{reward.Seeds}"), ("score heads of each", $"{reward.Heads}"), ("epochs", Scalars.Number(reward.Epochs)), .. Common(reward.Optimizer, reward.Lora),
        ],
        { Sft: { } sft } => [("loss on", Scalars.Write(sft.LossOn)), ("rows of a step", $"{sft.BatchSize}"), ("epochs", Scalars.Number(sft.Epochs)), .. Common(sft.Optimizer, sft.Lora)],
        _ => [],
    };

    private static IEnumerable<(string Name, string Value)> Ppo(PpoRecipe ppo)
    {
        yield return ("algorithm", Scalars.Write(ppo.Algorithm));
        yield return ("advantage", Scalars.Write(ppo.AdvantageKind));
        yield return ("objective", Scalars.Write(ppo.Surrogate));
        if (ppo.HasScore) yield return ("score", Score(ppo));
        if (ppo.Teacher is { } teacher) yield return ("teacher", teacher.Model);
        yield return ("reference", ppo.Reference.Model ?? "the policy as it started");
        yield return ("KL to the reference", ppo.KlCoefficient == 0 ? "not charged"
            : $"{Scalars.Write(ppo.KlEstimator)} in the {Scalars.Write(ppo.KlPlacement)}, coefficient {Scalars.Number(ppo.KlCoefficient)}{(ppo.Kl.Control == KlControl.Adaptive ? $", adapting to {Scalars.Number(ppo.Kl.Target)} nats per response" : ", fixed")}");
        if (ppo.HasCritic) yield return ("critic", Scalars.Write(ppo.Critic.Kind));
        yield return ("steps", $"{ppo.Steps} of {ppo.Episodes} episodes, {ppo.GroupSize} for each prompt, {ppo.Epochs} epochs of {ppo.Minibatches} minibatches");
        yield return ("sampling", $"temperature {Scalars.Number(ppo.Sampling.Temperature)}, at most {ppo.Sampling.MaxNewTokens} tokens");
        foreach (var common in Common(ppo.Optimizer, ppo.Lora)) yield return common;
    }

    private static string Score(PpoRecipe ppo)
    {
        var sources = RecipeField.Of(ppo.Score.GetType()).Where(field => field.Get(ppo.Score) is not null)
            .Select(field => field.Key == "reward_model" ? $"reward model {ppo.Score.RewardModel!.Path}" : field.Key).ToArray();
        return sources.Length > 0 ? string.Join(" + ", sources) : "a program's own";
    }

    private static IEnumerable<(string Name, string Value)> Common(OptimizerOptions optimizer, LoraRecipe lora)
    {
        yield return ("learning rate", $"{Scalars.Number(optimizer.LearningRate)}, {Scalars.Write(optimizer.Schedule)}");
        if (lora.IsOn) yield return ("LoRA", $"rank {lora.Rank}, merged into the weights; the adapter alone is in adapter/");
    }
}
