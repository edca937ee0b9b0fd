using System.Text.Json;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Study;
using Rlhf.Cli.Sweeps;
using Rlhf.Evaluation.Study;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;
using Rlhf.Reports.Charts;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf study</c>: reward models of several kinds, optimised by best-of-n and by PPO and judged by gold, and what that says of the literature's claims.</summary>
internal static class StudyCommand
{
    private static readonly string[] s_shared = [StageNames.Tokenizer, StageNames.Sft];

    public static Command Create() => Command.For<Recipe>("study", "Shows what optimising a reward model does: reward models by size, label noise and ensemble, best-of-n and PPO, judged by gold.", Run, Check) with
    {
        ShippedRecipe = "study.yaml",
        Sections = ["study"],
        Interruption = Interruption.AfterCheckpoint,
        Examples = ["rlhf study", "rlhf study --dry-run", "rlhf study study.best_of=256 study.seeds=[1,2,3] out=runs/mine", "rlhf study recipe.yaml --json"],
    };

    private static int Run(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        if (recipe.Resume == Resume.Must && !Directory.Exists(recipe.Folder)) throw new RlhfException($"{recipe.Folder} holds no study to resume; check out= and name=, or leave resume=must away");
        if (recipe.Resume == Resume.Never && Directory.Exists(recipe.Folder)) RunFolder.MoveAside(recipe.Folder);
        recipe = recipe with { Resume = Resume.Auto };
        var plan = new StudyPlan(recipe.Study!, recipe.Folder);
        foreach (var stage in Pipeline.Of(recipe).Where(stage => s_shared.Contains(stage.Name))) stage.Run(recipe, context with { Output = TextWriter.Null });
        var reference = recipe.Ppo!.Model.Length > 0 ? recipe.Ppo.Model : Stage.Final(recipe, StageNames.Sft);
        PairSample.Read(recipe, reference).Write(plan);
        Train(plan.Rewards, [StageNames.Reward], [.. plan.Kinds.Select(plan.Point)], RewardBase(recipe, plan, reference), recipe.Study!, context);
        var pool = SamplePool.Fill(recipe, plan, reference, context);
        EnsembleFolders.Make(plan, recipe.Study!, pool, reference);
        Train(plan.Trained, [StageNames.Ppo, StageNames.Curve], [.. plan.Policies().Select(plan.Point)], PolicyBase(recipe, reference), recipe.Study!, context);

        context.Progress.Note("study: fits and claims");
        var result = StudyResult.Of(recipe, plan, pool);
        result.Write(recipe.Folder);
        var report = Path.Combine(recipe.Folder, "report.html");
        Durable.WriteText(report, StudyReport.Html(result));
        Durable.WriteText(Path.Combine(recipe.Folder, "study.svg"), ChartRenderer.Standalone(StudyReport.Sizes(result, recipe.Study!.Noise[0]), ChartSize.Wide));
        foreach (var claim in result.Claims)
            context.Output.WriteLine(context.Format == OutputFormat.Json ? JsonSerializer.Serialize(claim, JsonText.Lines) : Line(claim));
        context.Progress.Note($"{report}: {StudyReport.Headline(result.Claims)}");
        return 0;
    }

    private static string Line(Claim claim) =>
        FormattableString.Invariant($"{StudyWords.Of(claim.Verdict)}: {claim.Text}. {claim.Effect.Value:0.00} [{claim.Effect.Low:0.00}, {claim.Effect.High:0.00}] {claim.Measure}; {claim.Why}.");

    private static void Train(SweepFolder folder, string[] stages, SweepPoint[] points, Recipe start, StudyRecipe study, CommandContext context)
    {
        var yaml = RecipeWriter.Write(start with { Threads = start.Threads > 0 || study.Parallel == 1 ? start.Threads : Math.Max(1, Environment.ProcessorCount / study.Parallel) });
        folder.Prepare(yaml);
        var runner = new SweepRunner(folder, new SweepRecipe { Shared = [], Stages = stages, Parallel = study.Parallel }, ChildProgram.Itself(),
            (point, stage) => PointCurrency.IsCurrent(stage, RecipeBinder.Bind<Recipe>(yaml, folder.BaseRecipe, folder.Words(point)), folder, context), context.Progress, context.Stop);
        var states = runner.RunPoints(points).GetAwaiter().GetResult();
        if (states.FirstOrDefault(state => state.Status != PointStatus.Done) is { } failed)
            throw new RlhfException($"{states.Count(state => state.Status != PointStatus.Done)} of {states.Count} in {folder.Path} failed, {failed.Name} in {failed.Stage} ({failed.Error}); each one's log.txt says why, and the same command runs only these again");
    }

    private static Recipe RewardBase(Recipe recipe, StudyPlan plan, string reference) => recipe.Common() with
    {
        // Data and the number of models are a point's own.
        Reward = recipe.Reward! with
        {
            Model = recipe.Reward.Model.Length > 0 ? recipe.Reward.Model : reference,
            Data = plan.HeldOut,
            EvalData = plan.HeldOut,
            Columns = new ColumnNames(),
            ChatTemplate = DialogueForms.PlainName,
            Normalization = recipe.Reward.Normalization.Policy.Length > 0 ? recipe.Reward.Normalization : recipe.Reward.Normalization with { Policy = reference },
        },
    };

    private static Recipe PolicyBase(Recipe recipe, string reference) => recipe.Common() with
    {
        SaveEvery = Math.Max(1, recipe.Ppo!.Steps / recipe.Study!.Checkpoints),
        KeepLast = recipe.Study.Checkpoints,
        Gold = recipe.Gold,
        Ppo = recipe.Ppo with { Model = reference },
        Curve = recipe.Curve! with { Runs = [], Cache = recipe.Curve.Cache.Length > 0 ? recipe.Curve.Cache : Path.Combine(recipe.Folder, "cache") },
    };

    private static void Check(Recipe recipe, CommandContext context)
    {
        if (recipe is not { Study: { } study, Reward: { } reward, Ppo: { } ppo, Curve: { } curve, Gold: not null }) throw new WrongUsageException("a study is made of the sections study, reward, gold, ppo and curve; the recipe lacks one of them");
        if (reward.LearnFrom != LearnFrom.Preferences || reward.EvalData is not null) throw new WrongUsageException("reward: a study deals out preference pairs and holds some out by itself; expected learn_from preferences and no eval_data");
        if (curve.Prompts.Length == 0) throw new WrongUsageException("curve.prompts: found nothing; expected the file of prompts that all is judged on");
        if (ppo.Steps < study.Checkpoints) throw new WrongUsageException($"study.checkpoints: found {study.Checkpoints} with {ppo.Steps} steps of PPO; expected no more than those");
        Stage.WantFile(reward.Data, "reward.data");
        Stage.WantFile(ppo.Prompts, "ppo.prompts");
        Stage.WantFile(curve.Prompts, "curve.prompts");
        Machine.DeviceOf(recipe.Device);
        var plan = new StudyPlan(study, recipe.Folder);
        context.Progress.Note($"study: {plan.Kinds.Sum(plan.Members)} reward models of {plan.Kinds.Count} kinds, best of {study.BestOf} of {curve.MaxPrompts} prompts, {plan.Policies().Count} policies of {ppo.Steps} steps, {study.Parallel} at a time");
    }
}
