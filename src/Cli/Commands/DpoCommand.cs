using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Dpo;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf dpo</c>: optimises a policy on preferences, without a reward model.</summary>
internal static class DpoCommand
{
    private static readonly StageCommand<DpoRecipe> s_stage = new(StageNames.Dpo, "Optimises a policy on preferences, without a reward model (DPO, IPO, KTO, ORPO, SimPO).")
    {
        Examples = ["rlhf dpo recipe.yaml", "rlhf dpo out=runs/mine dpo.model=models/gpt2 dpo.data=pairs.jsonl dpo.beta=0.05", "rlhf dpo recipe.yaml dpo.objective=kto dpo.data=thumbs.jsonl"],
        Given = recipe => recipe.Dpo,
        Completed = (recipe, section) => section.Model.Length > 0 ? section : section with { Model = Stage.Final(recipe, StageNames.Sft) },
        Decisive = (recipe, section) => recipe.Common() with { Dpo = section },
        Check = Check,
        Memory = Foresight.Of,
        Advice = (recipe, section) => MemoryAdvice.ForTraining(recipe, StageNames.Dpo, section.MicroBatchTokens, section.GradientCheckpointing, section.Lora),
        Work = Train,
    };

    public static Command Create() => s_stage.AsCommand();

    public static PipelineStage AsPart() => s_stage.AsPart();

    private static void Check(Recipe recipe, DpoRecipe section, CommandContext context)
    {
        Stage.WantFolder(section.Model, "dpo.model");
        Stage.WantFile(section.Data, "dpo.data");
        if (section.EvalData is { } other) Stage.WantFile(other, "dpo.eval_data");
        if (section.Reference is { } reference) Stage.WantFolder(reference, "dpo.reference");
    }

    private static void Train(StageWork<DpoRecipe> work)
    {
        var (section, seed, machine) = (work.Section, work.Recipe.Seed, work.Machine);
        var tokenizer = TextTokenizer.Load(section.Model);
        var shape = ModelFolder.ReadConfig(section.Model);
        tokenizer.WantFit(shape.Vocabulary);
        var longest = Math.Min(section.MaxLength, shape.Context);
        if (section.Reference is { } judge) longest = Math.Min(longest, ModelFolder.ReadConfig(judge).Context);
        var data = DpoData.Load(section with { MaxLength = longest }, tokenizer);
        if (data.Defects.Total > 0) work.Context.Progress.Warn($"{section.Data}: {data.Defects}");
        if (data.Truncated > 0) work.Context.Progress.Warn($"{data.Truncated} {(section.Objective == DpoObjective.Kto ? "replies" : "pairs")} were cut to {longest} tokens");
        if (data.Warning is { } warning) work.Context.Progress.Warn(warning);
        var policy = ModelFolder.Load(section.Model, machine.Device, machine.Type);
        if (section.Lora.IsOn) LoraAdapter.Attach(policy, section.Lora, seed, section.Model);
        var reference = section.Reference is { } folder ? ModelFolder.Load(folder, machine.Device, machine.Type) : policy;
        new DpoTrainer(section, policy, reference, data.Train, data.HeldOut, (ulong)seed).Train(work.Run, section.Model);
    }
}
