using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
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
    public const string StageName = "ppo";

    public static Command Create() => Command.For<Recipe>("ppo", "Optimises a policy against a reward model, rule or verifier (PPO, GRPO and its kin, RLOO, REINFORCE++), or towards a teacher.", Run, Foresee) with
    {
        Sections = [StageName],
        Interruption = Interruption.AfterCheckpoint,
        Examples = ["rlhf ppo recipe.yaml", "rlhf ppo recipe.yaml ppo.algorithm=rloo ppo.samples_per_prompt=4 ppo.kl.coefficient=0.05"],
    };

    public static int Run(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var section = Section(recipe);
        using var machine = Machine.Of(recipe);
        using var run = Stage.Open(Decisive(recipe), StageName, context, machine);
        if (run.IsFinished) return Stage.SayFinished(run, context);
        PpoAssembly.Build(Inputs(recipe, section, machine, context), run).Train(section.Model);
        return Stage.SayFinished(run, context);
    }

    /// <summary>What of a recipe decides this stage's run.</summary>
    public static Recipe Decisive(Recipe recipe) => recipe.Common() with { Ppo = Section(recipe), Gold = recipe.Gold };

    public static void Check(Recipe recipe, CommandContext context)
    {
        var section = Section(recipe);
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

    public static void Foresee(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        Foresight.Of(recipe, Section(recipe), context);
    }

    private static PpoInputs Inputs(Recipe recipe, PpoRecipe section, Machine machine, CommandContext context)
    {
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
                ? SeparateCritic.From(RewardFolder.Load(source.Path, machine.Device, machine.Type)) : null,
            Teacher = section.Teacher is { } teacher ? Teacher(teacher.Model, tokenizer, machine) : null,
            Tokenizer = tokenizer,
            Scorer = section.HasScore ? scorers.Create(section.Score, "ppo.score") : null,
            Gold = recipe.Gold is { } gold ? scorers.Create(gold, "gold") : null,
            Prompts = PromptFile.Read(section.Prompts, "ppo.prompts", section, tokenizer, context, section.Score, recipe.Gold),
            Seed = (ulong)recipe.Seed,
            Device = machine.Device,
            Job = machine.Job,
        };
    }

    private static CausalLm Teacher(string folder, TextTokenizer policy, Machine machine)
    {
        if (!TextTokenizer.Load(folder).HasSameTokens(policy)) throw new RlhfException($"ppo.teacher.model: {folder}: its tokenizer is another than the policy's, so that its probabilities are of other tokens; expected a teacher of the same family");
        return ModelFolder.Load(folder, machine.Device, machine.Type);
    }

    /// <summary>With what earlier stages of the recipe left where it names nothing else.</summary>
    private static PpoRecipe Section(Recipe recipe)
    {
        if (recipe.Ppo is not { } section) throw new WrongUsageException("the recipe has no section ppo; see rlhf ppo --help");
        if (section.Model.Length == 0) section = section with { Model = Stage.Final(recipe, "sft") };
        return section.HasScore && section.Score == new ScoreOptions()
            ? section with { Score = new ScoreOptions { RewardModel = new RewardModelSource { Path = Stage.Final(recipe, "reward") } } }
            : section;
    }
}
