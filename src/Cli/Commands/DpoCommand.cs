using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Dpo;

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
        Work = work => new DpoStage(work.Section, work.Recipe.Seed, work.Machine.Device, work.Machine.Type).Run(work.Run),
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
}
