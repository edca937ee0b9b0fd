using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Policies.Sft;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf sft</c>: trains a language model on texts.</summary>
internal static class SftCommand
{
    private static readonly StageCommand<SftRecipe> s_stage = new(StageNames.Sft, "Trains a language model on texts, prompts with completions, or dialogues.")
    {
        Examples = ["rlhf sft recipe.yaml", "rlhf sft out=runs/mine sft.model=models/gpt2 sft.data=texts.jsonl sft.epochs=2"],
        Given = recipe => recipe.Sft,
        Completed = Completed,
        Decisive = (recipe, section) => recipe.Common() with { Sft = section },
        Check = Check,
        Memory = Foresight.Of,
        Advice = (recipe, section) => MemoryAdvice.ForTraining(recipe, StageNames.Sft, section.MicroBatchTokens, section.GradientCheckpointing, section.Model.Length > 0 ? section.Lora : null),
        Work = work => new SftStage(work.Section, work.Recipe.Seed, work.Machine.Device, work.Machine.Type).Run(work.Run),
    };

    public static Command Create() => s_stage.AsCommand();

    public static PipelineStage AsPart() => s_stage.AsPart();

    private static SftRecipe Completed(Recipe recipe, SftRecipe section) => section.Tokenizer.Length > 0 ? section
        : section with { Tokenizer = section.Model.Length > 0 ? section.Model : Stage.Final(recipe, StageNames.Tokenizer) };

    private static void Check(Recipe recipe, SftRecipe section, CommandContext context)
    {
        if (section.Model.Length > 0) Stage.WantFolder(section.Model, "sft.model");
        Stage.WantFolder(section.Tokenizer, "sft.tokenizer");
        Stage.WantFile(section.Data, "sft.data");
        if (section.EvalData is { } other) Stage.WantFile(other, "sft.eval_data");
    }
}
