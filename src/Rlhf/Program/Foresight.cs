using Rlhf.Dpo;
using Rlhf.Policies.Adapters;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Sft;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Program.Commands;
using Rlhf.Rewards.Training;

namespace Rlhf.Program;

/// <summary>What <c>--dry-run</c> does beyond looking for a stage's inputs: the device is there, and the memory it will take.</summary>
internal static class Foresight
{
    public static void Of(Recipe recipe, SftRecipe section, CommandContext context)
    {
        var shape = section.Model.Length > 0 ? ModelFolder.ReadConfig(section.Model)
            : TransformerConfig.Gpt2(TextTokenizer.Load(section.Tokenizer).VocabularySize, section.FromScratch.Width, section.FromScratch.Layers, section.FromScratch.Heads, section.FromScratch.Context);
        var tokens = Math.Min(section.MicroBatchTokens, (long)section.BatchSize * Math.Min(section.MaxLength, shape.Context));
        Tell(recipe, SftCommand.StageName, [new(shape, Of(section.Lora))], tokens, context);
    }

    public static void Of(Recipe recipe, RewardRecipe section, CommandContext context)
    {
        var shape = ModelFolder.ReadConfig(section.Model);
        var perItem = section.LearnFrom == LearnFrom.Preferences ? 2 : 1;
        var tokens = Math.Min(section.MicroBatchTokens, (long)section.BatchSize * perItem * Math.Min(section.MaxLength, shape.Context));
        Tell(recipe, RewardCommand.StageName, [new(shape, Of(section.Lora))], tokens, context);
    }

    public static void Of(Recipe recipe, PpoRecipe section, CommandContext context)
    {
        var shape = ModelFolder.ReadConfig(section.Model);
        List<HeldModel> models = [new(shape, Of(section.Lora))];
        // With adapters the reference is the policy without them.
        if (section.Reference.Model is { } other) models.Add(new(ModelFolder.ReadConfig(other), Upkeep.Frozen));
        else if (!section.Lora.IsOn) models.Add(new(shape, Upkeep.Frozen));
        var rewards = section.Score.RewardModel is { } source ? ModelFolder.ReadConfig(source.Path) : null;
        if (rewards is not null) models.Add(new(rewards, Upkeep.Frozen));
        if (section.Algorithm == Algorithm.Ppo && section.Critic.Kind != CriticKind.ValueHead)
            models.Add(new(section.Critic.Kind == CriticKind.RewardModel ? rewards ?? shape : shape, Upkeep.Trained));
        var longest = Math.Min(shape.Context, section.MaxPromptTokens + section.Sampling.MaxNewTokens);
        Tell(recipe, PpoCommand.StageName, models, Math.Min(section.MicroBatchTokens, (long)section.Episodes / section.Minibatches * longest), context);
    }

    public static void Of(Recipe recipe, DpoRecipe section, CommandContext context)
    {
        var shape = ModelFolder.ReadConfig(section.Model);
        List<HeldModel> models = [new(shape, Of(section.Lora))];
        // Without one of its own the reference is the policy before its first step.
        if (section.Reference is { } other) models.Add(new(ModelFolder.ReadConfig(other), Upkeep.Frozen));
        var tokens = Math.Min(section.MicroBatchTokens, 2L * section.BatchSize * Math.Min(section.MaxLength, shape.Context));
        Tell(recipe, DpoCommand.StageName, models, tokens, context);
    }

    private static Upkeep Of(LoraRecipe lora) => lora.IsOn ? Upkeep.Adapted : Upkeep.Trained;

    private static void Tell(Recipe recipe, string stage, IReadOnlyList<HeldModel> models, long tokens, CommandContext context) =>
        MemoryEstimate.Of(models, tokens, recipe.Dtype).Tell(stage, context, Machine.DeviceOf(recipe.Device));
}
