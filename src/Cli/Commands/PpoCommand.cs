using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Scorers;
using TorchSharp;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf ppo</c>: optimises a policy against a score, held near its reference by KL.</summary>
internal static class PpoCommand
{
    private static readonly StageCommand<PpoRecipe> s_stage = new(StageNames.Ppo, "Optimises a policy against a reward model, rule or verifier (PPO, GRPO and its kin, RLOO, REINFORCE++), or towards a teacher.")
    {
        Examples = ["rlhf ppo recipe.yaml", "rlhf ppo recipe.yaml ppo.algorithm=rloo ppo.samples_per_prompt=4 ppo.kl.coefficient=0.05"],
        Given = recipe => recipe.Ppo,
        Completed = Completed,
        Decisive = (recipe, section) => recipe.Common() with { Ppo = section, Gold = recipe.Gold },
        Check = Check,
        Memory = Foresight.Of,
        Advice = (recipe, section) => MemoryAdvice.ForTraining(recipe, StageNames.Ppo, section.MicroBatchTokens, section.GradientCheckpointing, section.Lora),
        Work = work => PpoTraining.Train(work.Run, work.Section.Model, Inputs(work)),
    };

    public static Command Create() => s_stage.AsCommand();

    public static PipelineStage AsPart() => s_stage.AsPart();

    private static PpoRecipe Completed(Recipe recipe, PpoRecipe section)
    {
        if (section.Model.Length == 0) section = section with { Model = Stage.Final(recipe, StageNames.Sft) };
        return section.HasScore && section.Score == new ScoreOptions()
            ? section with { Score = new ScoreOptions { RewardModel = new RewardModelSource { Path = Stage.Final(recipe, StageNames.Reward) } } }
            : section;
    }

    private static void Check(Recipe recipe, PpoRecipe section, CommandContext context)
    {
        Stage.WantFolder(section.Model, "ppo.model");
        Stage.WantFile(section.Prompts, "ppo.prompts");
        if (section.Score.RewardModel is { } source) Stage.WantFolder(source.Path, "ppo.score.reward_model.path");
        if (section.Reference.Model is { } reference) Stage.WantFolder(reference, "ppo.reference.model");
        if (section.Teacher is { } teacher) Stage.WantFolder(teacher.Model, "ppo.teacher.model");
        foreach (var (schema, key) in new[] { (section.Score.Json?.Schema, "ppo.score.json.schema"), (recipe.Gold?.Json?.Schema, "gold.json.schema") })
            if (schema is not null) Stage.WantFile(schema, key);
        if (recipe.Gold?.RewardModel is { } gold) Stage.WantFolder(gold.Path, "gold.reward_model.path");
        if (section.Reference.Offload && Machine.DeviceOf(recipe.Device).type == DeviceType.CPU)
            context.Progress.Warn("ppo.reference.offload: found true for a run on the CPU, where weights are in host memory anyway; it changes nothing");
    }

    private static PpoInputs Inputs(StageWork<PpoRecipe> work)
    {
        var (recipe, section, machine) = (work.Recipe, work.Section, work.Machine);
        var tokenizer = TextTokenizer.Load(section.Model);
        tokenizer.WantFit(ModelFolder.ReadConfig(section.Model).Vocabulary);
        var wantsRewardModel = section is { HasCritic: true, Critic.Kind: CriticKind.RewardModel };
        var scorers = new ScorerFactory(tokenizer, section.Model, machine.Device, machine.Type, recipe.Folder);
        return new PpoInputs
        {
            Recipe = section,
            Policy = ModelFolder.Load(section.Model, machine.Device, machine.Type),
            Reference = section.Reference.Model is { } reference ? Reference.Frozen(ModelFolder.Load(reference, machine.Device, machine.Type)) : null,
            RewardModel = wantsRewardModel && section.Score.RewardModel is { } source
                ? CriticOf(source.Path, scorers, machine) : null,
            Teacher = section.Teacher is { } teacher ? Teacher(teacher.Model, tokenizer, machine) : null,
            Tokenizer = tokenizer,
            Scorer = section.HasScore ? scorers.Create(section.Score, "ppo.score") : null,
            Gold = recipe.Gold is { } gold ? scorers.Create(gold, "gold") : null,
            Prompts = PromptFile.Read(section.Prompts, "ppo.prompts", section, tokenizer, work.Context, section.Score, recipe.Gold),
            Seed = (ulong)recipe.Seed,
            Device = machine.Device,
            Job = machine.Job,
        };
    }

    private static SeparateCritic CriticOf(string folder, ScorerFactory scorers, Machine machine)
    {
        if (!scorers.HasPolicysTokens(folder)) throw new RlhfException($"ppo.critic.kind: {folder}: the reward model's tokenizer is another than the policy's, so that it can score texts but not value the policy's tokens; set ppo.critic.kind to policy or value_head");
        return SeparateCritic.From(RewardFolder.Load(folder, machine.Device, machine.Type));
    }

    private static CausalLm Teacher(string folder, TextTokenizer policy, Machine machine)
    {
        if (!TextTokenizer.Load(folder).HasSameTokens(policy)) throw new RlhfException($"ppo.teacher.model: {folder}: its tokenizer is another than the policy's, so that its probabilities are of other tokens; expected a teacher of the same family");
        return ModelFolder.Load(folder, machine.Device, machine.Type);
    }
}
