using Rlhf.Dpo;
using Rlhf.Foundation.Jobs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Models;
using Rlhf.Policies.Sft;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Training;
using Rlhf.Ppo;
using Rlhf.Rewards.Training;
using TorchSharp;

namespace Rlhf.Cli.Stages;

/// <summary>What decides the memory of a stage, from its inputs: the device is there, and tokenizer and model belong together.</summary>
internal static class Foresight
{
    /// <summary>Episodes that a text generator works on at a time.</summary>
    private const int SideBySide = 64;

    public static MemoryPlan Of(Recipe recipe, SftRecipe section)
    {
        var shape = section.Model.Length > 0 ? ModelFolder.ReadConfig(section.Model)
            : TransformerConfig.Gpt2(TextTokenizer.Load(section.Tokenizer).VocabularySize, section.FromScratch.Width, section.FromScratch.Layers, section.FromScratch.Heads, section.FromScratch.Context);
        var longest = Math.Min(section.MaxLength, shape.Context);
        var tokens = Math.Min(section.MicroBatchTokens, (long)section.BatchSize * longest);
        if (section.Model.Length > 0) Stage.WantFit(section.Tokenizer, shape);
        return Plan(recipe, [new(shape, Of(section.Lora))], tokens, longest, section.GradientCheckpointing, section.Optimizer);
    }

    public static MemoryPlan Of(Recipe recipe, RewardRecipe section)
    {
        var shape = ModelFolder.ReadConfig(section.Model);
        Stage.WantFit(section.Model, shape);
        var perItem = section.LearnFrom == LearnFrom.Preferences ? 2 : 1;
        var longest = Math.Min(section.MaxLength, shape.Context);
        var tokens = Math.Min(section.MicroBatchTokens, (long)section.BatchSize * perItem * longest);
        return Plan(recipe, [new(shape, Of(section.Lora))], tokens, longest, section.GradientCheckpointing, section.Optimizer);
    }

    public static MemoryPlan Of(Recipe recipe, PpoRecipe section)
    {
        var shape = ModelFolder.ReadConfig(section.Model);
        Stage.WantFit(section.Model, shape);
        List<HeldModel> models = [new(shape, Of(section.Lora))];
        // With adapters the reference is the policy without them.
        var reference = section.Reference.Offload && Machine.DeviceOf(recipe.Device).type != DeviceType.CPU ? Upkeep.Passing : Upkeep.Frozen;
        if (section.Reference.Model is { } other) models.Add(new(ModelFolder.ReadConfig(other), reference));
        else if (!section.Lora.IsOn) models.Add(new(shape, reference));
        if (section.Teacher is { } teacher) models.Add(new(ModelFolder.ReadConfig(teacher.Model), Upkeep.Frozen));
        var rewards = section.Score.RewardModel is { } source ? ModelFolder.ReadConfig(source.Path) : null;
        if (rewards is not null) models.Add(new(rewards, Upkeep.Frozen));
        if (section.HasCritic && section.Critic.Kind != CriticKind.ValueHead)
            models.Add(new(section.Critic.Kind == CriticKind.RewardModel ? rewards ?? shape : shape, Upkeep.Trained));
        var longest = Math.Min(shape.Context, section.MaxPromptTokens + section.Sampling.MaxNewTokens);
        var tokens = Math.Min(section.MicroBatchTokens, (long)section.Episodes / section.Minibatches * longest);
        return Plan(recipe, models, tokens, longest, section.GradientCheckpointing, section.Optimizer) with
        {
            CachedTokens = (long)Math.Min(SideBySide, section.Episodes) * longest,
            DrawnTokens = (long)section.Episodes * Math.Min(section.Sampling.MaxNewTokens, shape.Context),
        };
    }

    public static MemoryPlan Of(Recipe recipe, DpoRecipe section)
    {
        var shape = ModelFolder.ReadConfig(section.Model);
        Stage.WantFit(section.Model, shape);
        List<HeldModel> models = [new(shape, Of(section.Lora))];
        // Without one of its own the reference is the policy before its first step.
        if (section.Reference is { } other) models.Add(new(ModelFolder.ReadConfig(other), Upkeep.Passing));
        var longest = Math.Min(section.MaxLength, shape.Context);
        var tokens = Math.Min(section.MicroBatchTokens, 2L * section.BatchSize * longest);
        return Plan(recipe, models, tokens, longest, section.GradientCheckpointing, section.Optimizer);
    }

    private static Upkeep Of(LoraRecipe lora) => lora.IsOn ? Upkeep.Adapted : Upkeep.Trained;

    private static MemoryPlan Plan(Recipe recipe, IReadOnlyList<HeldModel> models, long tokens, long longest, bool checkpointing, OptimizerOptions optimizer)
    {
        var device = Machine.DeviceOf(recipe.Device);
        return new MemoryPlan
        {
            Models = models, Tokens = tokens, Longest = longest, Dtype = recipe.Dtype, OnCpu = device.type == DeviceType.CPU, InKernels = KernelRule.ServesModel(device, Machine.TypeOf(recipe.Dtype)),
            GradientCheckpointing = checkpointing, Ranks = optimizer.Shard ? JobPlace.Here().Size : 1,
        };
    }
}
