using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf reward</c>: trains a reward model and reports how far it can be trusted.</summary>
internal static class RewardCommand
{
    private static readonly StageCommand<RewardRecipe> s_stage = new(StageNames.Reward, "Trains a reward model on preference pairs or labelled texts.")
    {
        Examples = ["rlhf reward recipe.yaml", "rlhf reward out=runs/mine reward.model=models/gpt2 reward.data=pairs.jsonl reward.epochs=2"],
        Given = recipe => recipe.Reward,
        Completed = Completed,
        Decisive = (recipe, section) => recipe.Common() with { Reward = section },
        Check = Check,
        Memory = Foresight.Of,
        Advice = (recipe, section) => MemoryAdvice.ForTraining(recipe, StageNames.Reward, section.MicroBatchTokens, section.GradientCheckpointing, section.Lora),
        Work = Train,
    };

    public static Command Create() => s_stage.AsCommand();

    public static PipelineStage AsPart() => s_stage.AsPart();

    private static RewardRecipe Completed(Recipe recipe, RewardRecipe section)
    {
        if (section.Model.Length > 0) return section;
        var start = Stage.Final(recipe, StageNames.Sft);
        var asksPolicy = section.LearnFrom == LearnFrom.Preferences || section.Normalization.Prompts is not null;
        return section with
        {
            Model = start,
            Normalization = section.Normalization.Policy.Length == 0 && asksPolicy ? section.Normalization with { Policy = start } : section.Normalization,
        };
    }

    private static void Check(Recipe recipe, RewardRecipe section, CommandContext context)
    {
        Stage.WantFolder(section.Model, "reward.model");
        Stage.WantFile(section.Data, "reward.data");
        if (section.EvalData is { } other) Stage.WantFile(other, "reward.eval_data");
        if (section.Normalization.Policy.Length > 0) Stage.WantFolder(section.Normalization.Policy, "reward.normalization.policy");
        if (section.Normalization.Prompts is { } prompts) Stage.WantFile(prompts, "reward.normalization.prompts");
    }

    private static void Train(StageWork<RewardRecipe> work)
    {
        var report = new RewardStage(work.Section, work.Recipe.Seed, work.Machine.Device, work.Machine.Type).Run(work.Run);
        if (report is not null) RewardReportOutput.Write(report, work.Context);
    }
}
