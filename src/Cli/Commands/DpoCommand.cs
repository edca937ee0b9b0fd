using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Dpo;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf dpo</c>: optimises a policy on preferences, without a reward model.</summary>
internal static class DpoCommand
{
    public const string StageName = "dpo";

    public static Command Create() => Command.For<Recipe>("dpo", "Optimises a policy on preferences, without a reward model (DPO, IPO, KTO, ORPO, SimPO).", Run, Foresee) with
    {
        Sections = [StageName],
        Interruption = Interruption.AfterCheckpoint,
        Examples = ["rlhf dpo recipe.yaml", "rlhf dpo out=runs/mine dpo.model=models/gpt2 dpo.data=pairs.jsonl dpo.beta=0.05", "rlhf dpo recipe.yaml dpo.objective=kto dpo.data=thumbs.jsonl"],
    };

    public static int Run(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var section = Section(recipe);
        using var machine = Machine.Of(recipe);
        using var run = Stage.Open(Decisive(recipe), StageName, context, machine);
        if (run.IsFinished) return Stage.SayFinished(run, context);
        var tokenizer = TextTokenizer.Load(section.Model);
        var shape = ModelFolder.ReadConfig(section.Model);
        tokenizer.WantFit(shape.Vocabulary);
        var longest = Math.Min(section.MaxLength, shape.Context);
        if (section.Reference is { } judge) longest = Math.Min(longest, ModelFolder.ReadConfig(judge).Context);
        var data = DpoData.Load(section with { MaxLength = longest }, tokenizer);
        if (data.Defects.Total > 0) context.Progress.Warn($"{section.Data}: {data.Defects}");
        if (data.Truncated > 0) context.Progress.Warn($"{data.Truncated} {(section.Objective == DpoObjective.Kto ? "replies" : "pairs")} were cut to {longest} tokens");
        if (data.Warning is { } warning) context.Progress.Warn(warning);
        var policy = ModelFolder.Load(section.Model, machine.Device, machine.Type);
        if (section.Lora.IsOn) LoraAdapter.Attach(policy, section.Lora, recipe.Seed, section.Model);
        var reference = section.Reference is { } folder ? ModelFolder.Load(folder, machine.Device, machine.Type) : policy;
        new DpoTrainer(section, policy, reference, data.Train, data.HeldOut, (ulong)recipe.Seed).Train(run, section.Model);
        return Stage.SayFinished(run, context);
    }

    /// <summary>What of a recipe decides this stage's run.</summary>
    public static Recipe Decisive(Recipe recipe) => recipe.Common() with { Dpo = Section(recipe) };

    public static void Check(Recipe recipe, CommandContext context)
    {
        var section = Section(recipe);
        Stage.WantFolder(section.Model, "dpo.model");
        Stage.WantFile(section.Data, "dpo.data");
        if (section.EvalData is { } other) Stage.WantFile(other, "dpo.eval_data");
        if (section.Reference is { } reference) Stage.WantFolder(reference, "dpo.reference");
    }

    public static void Foresee(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        Foresight.Of(recipe, Section(recipe), context);
    }

    private static DpoRecipe Section(Recipe recipe)
    {
        if (recipe.Dpo is not { } section) throw new WrongUsageException("the recipe has no section dpo; see rlhf dpo --help");
        return section.Model.Length > 0 ? section : section with { Model = Stage.Final(recipe, "sft") };
    }
}
