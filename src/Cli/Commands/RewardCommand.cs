using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf reward</c>: trains a reward model and reports how far it can be trusted.</summary>
internal static class RewardCommand
{
    public const string StageName = "reward";

    public static Command Create() => Command.For<Recipe>("reward", "Trains a reward model on preference pairs or labelled texts.", Run, Foresee) with
    {
        Sections = [StageName],
        Interruption = Interruption.AfterCheckpoint,
        Examples = ["rlhf reward recipe.yaml", "rlhf reward out=runs/mine reward.model=models/gpt2 reward.data=pairs.jsonl reward.epochs=2"],
    };

    public static int Run(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var section = Section(recipe);
        using var machine = Machine.Of(recipe);
        using var run = Stage.Open(Decisive(recipe), StageName, context, machine);
        if (run.IsFinished) return Stage.SayFinished(run, context);
        var report = new RewardStage(section, recipe.Seed, machine.Device, machine.Type).Run(run);
        if (report is not null) RewardReportOutput.Write(report, context);
        return Stage.SayFinished(run, context);
    }

    /// <summary>What of a recipe decides this stage's run.</summary>
    public static Recipe Decisive(Recipe recipe) => recipe.Common() with { Reward = Section(recipe) };

    public static void Check(Recipe recipe, CommandContext context)
    {
        var section = Section(recipe);
        Stage.WantFolder(section.Model, "reward.model");
        Stage.WantFile(section.Data, "reward.data");
        if (section.EvalData is { } other) Stage.WantFile(other, "reward.eval_data");
        if (section.Normalization.Policy.Length > 0) Stage.WantFolder(section.Normalization.Policy, "reward.normalization.policy");
        if (section.Normalization.Prompts is { } prompts) Stage.WantFile(prompts, "reward.normalization.prompts");
    }

    public static void Foresee(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        Foresight.Of(recipe, Section(recipe), context);
    }

    private static RewardRecipe Section(Recipe recipe)
    {
        if (recipe.Reward is not { } section) throw new WrongUsageException("the recipe has no section reward; see rlhf reward --help");
        if (section.Model.Length > 0) return section;
        var start = Stage.Final(recipe, "sft");
        var asksPolicy = section.LearnFrom == LearnFrom.Preferences || section.Normalization.Prompts is not null;
        return section with
        {
            Model = start,
            Normalization = section.Normalization.Policy.Length == 0 && asksPolicy ? section.Normalization with { Policy = start } : section.Normalization,
        };
    }
}
