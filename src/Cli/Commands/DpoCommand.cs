using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Dpo;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf dpo</c>: optimises a policy on preference pairs, without a reward model.</summary>
internal static class DpoCommand
{
    private static readonly StageCommand<DpoRecipe> s_stage = new(StageNames.Dpo, "Optimises a policy on preference pairs, without a reward model.")
    {
        Examples = ["rlhf dpo recipe.yaml", "rlhf dpo out=runs/mine dpo.model=models/gpt2 dpo.data=pairs.jsonl dpo.beta=0.05"],
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
        var pairs = DpoPairs.Load(section with { MaxLength = longest }, tokenizer);
        if (pairs.Defects.Total > 0) work.Context.Progress.Warn($"{section.Data}: {pairs.Defects}");
        if (pairs.Truncated > 0) work.Context.Progress.Warn($"{pairs.Truncated} pairs were cut to {longest} tokens");
        var policy = ModelFolder.Load(section.Model, machine.Device, machine.Type);
        if (section.Lora.IsOn) LoraAdapter.Attach(policy, section.Lora, seed, section.Model);
        var reference = section.Reference is { } folder ? ModelFolder.Load(folder, machine.Device, machine.Type) : policy;
        new DpoTrainer(section, policy, reference, pairs.Train, pairs.HeldOut, tokenizer.PadOrEos, (ulong)seed).Train(work.Run, section.Model);
    }
}
