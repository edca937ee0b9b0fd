using System.Text.Json;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Sweeps;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf sweep</c>: the stages of a recipe at every point of a grid, and one report over all.</summary>
internal static class SweepCommand
{
    public static Command Create() => Command.For<Recipe>("sweep", "Runs stages at every point of a grid over recipe keys, resumable, and reports the frontier.", Run, Check) with
    {
        Sections = ["sweep"],
        Interruption = Interruption.AfterCheckpoint,
        Examples =
        [
            "rlhf sweep recipe.yaml sweep.grid=\"{seed: [1, 2], ppo.optimizer.learning_rate: [1e-5, 3e-5]}\" sweep.parallel=2",
            "rlhf sweep recipe.yaml sweep.part=point sweep.index=3",
        ],
    };

    private static int Run(Recipe recipe, CommandContext context)
    {
        var (sweep, points) = Plan(recipe);
        var folder = new SweepFolder(recipe.Folder);
        if (recipe.Resume == Resume.Must && !File.Exists(folder.BaseRecipe)) throw new RlhfException($"{folder.Path} holds no sweep to resume; check out= and name=, or leave resume=must away");
        var yaml = BaseRecipe(recipe, sweep);
        folder.Prepare(yaml);
        var runner = new SweepRunner(folder, sweep, ChildProgram.Itself(), (point, stage) => PointCurrency.IsCurrent(stage, RecipeBinder.Bind<Recipe>(yaml, folder.BaseRecipe, folder.Words(point)), folder, context), context.Progress, context.Stop);
        if (sweep.Part is SweepPart.All or SweepPart.Shared) runner.RunShared().GetAwaiter().GetResult();
        var states = sweep.Part switch
        {
            SweepPart.All => runner.RunPoints(points).GetAwaiter().GetResult(),
            SweepPart.Point => runner.RunPoints([points[sweep.Index]]).GetAwaiter().GetResult(),
            _ => [],
        };
        Say(states, context);
        if (sweep.Part is SweepPart.All or SweepPart.Report)
        {
            var verdict = ReportCommand.Write(folder.Path, folder.Report, "out");
            var result = SweepResult.Read(folder.Path);
            Durable.WriteText(Path.Combine(folder.Path, "sweep.csv"), SweepReport.CsvText(result));
            context.Progress.Note($"{folder.Report}: {verdict.Headline}");
        }

        var failed = states.Count(state => state.Status == PointStatus.Failed);
        return failed == 0 ? 0 : throw new RlhfException($"{failed} of {states.Count} points failed; each one's log.txt in {folder.Path} says why, and the same command runs only these again");
    }

    private static void Check(Recipe recipe, CommandContext context)
    {
        var (sweep, points) = Plan(recipe);
        foreach (var point in points) context.Output.WriteLine(string.Join(' ', point.Settings.Select(setting => $"{setting.Key}={setting.Value}")));
        context.Progress.Note($"{points.Count} points, {sweep.Parallel} at a time: {string.Join(", ", sweep.Stages)} at each, after {(sweep.Shared.Count == 0 ? "nothing shared" : string.Join(", ", sweep.Shared))}");
    }

    // Every point's recipe is bound before the first one runs: a misspelt key must not surface hours later.
    private static (SweepRecipe Sweep, IReadOnlyList<SweepPoint> Points) Plan(Recipe recipe)
    {
        if (recipe.Sweep is not { } sweep || sweep.Grid.Count + sweep.Cases.Count == 0) throw new WrongUsageException("no grid given; expected sweep.grid=\"{key: [value, value]}\", or a section sweep with a grid in the recipe");
        var points = SweepPoint.Of(sweep);
        var yaml = BaseRecipe(recipe, sweep);
        foreach (var point in points) RecipeBinder.Bind<Recipe>(yaml, "sweep.grid", point.Settings.Select(setting => $"{setting.Key}={setting.Value}"));
        sweep = sweep with { Shared = [.. sweep.Shared.Where(stage => Pipeline.Named(stage)?.IsIn(recipe) ?? true)] };
        if (sweep.Part == SweepPart.Point && sweep.Index >= points.Count) throw new RlhfException($"sweep.index: found {sweep.Index}; the grid has {points.Count} points, so expected 0 to {points.Count - 1}");
        return (sweep, points);
    }

    // Points that run beside each other share the cores. What must be there is the sweep: its points begin when their turn comes.
    private static string BaseRecipe(Recipe recipe, SweepRecipe sweep) => RecipeWriter.Write(recipe with
    {
        Sweep = null,
        Resume = recipe.Resume == Resume.Must ? Resume.Auto : recipe.Resume,
        Threads = recipe.Threads > 0 || sweep.Parallel == 1 ? recipe.Threads : Math.Max(1, Environment.ProcessorCount / sweep.Parallel),
    });

    private static void Say(IReadOnlyList<PointState> states, CommandContext context)
    {
        foreach (var state in states)
            context.Output.WriteLine(context.Format == OutputFormat.Json
                ? JsonSerializer.Serialize(state, JsonText.Lines)
                : $"{state.Name}: {state.Status.ToString().ToLowerInvariant()}{(state.Error is null ? "" : $" in {state.Stage}, {state.Error}")}");
    }
}
