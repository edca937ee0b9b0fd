using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Commands;

/// <summary>
/// One stage of a pipeline: whether a recipe has it, how it runs, what it wants, what of a recipe decides its results, and
/// what to change where there is no room in memory.
/// </summary>
internal sealed record PipelineStage(
    string Name, Func<Recipe, bool> IsIn, Func<Recipe, CommandContext, int> Run, Action<Recipe, CommandContext> Foresee, Func<Recipe, Recipe> Decisive, Func<Recipe, string?> WhenOutOfMemory);

/// <summary>
/// The stages of a recipe, one after the other in one process. Each keeps its own run, so what is finished is passed
/// over and what was stopped goes on.
/// </summary>
internal static class Pipeline
{
    private static readonly PipelineStage[] s_stages =
    [
        TokenizerCommand.AsPart(),
        SftCommand.AsPart(),
        RewardCommand.AsPart(),
        PpoCommand.AsPart(),
        DpoCommand.AsPart(),
        CurveCommand.AsPart(),
    ];

    public static IReadOnlyList<PipelineStage> Of(Recipe recipe) => [.. s_stages.Where(stage => stage.IsIn(recipe))];

    /// <summary>Null for a command that is no stage of a pipeline.</summary>
    public static PipelineStage? Named(string name) => Array.Find(s_stages, stage => stage.Name == name);

    /// <summary>Checks every stage as far as its inputs exist: what an earlier one will leave is not there yet.</summary>
    public static void Foresee(Recipe recipe, CommandContext context)
    {
        var stages = Of(recipe);
        foreach (var (i, stage) in stages.Index())
        {
            try
            {
                stage.Foresee(recipe, context);
            }
            catch (MissingFolderException missing) when (stages.Take(i).Any(earlier => missing.Folder == Stage.Final(recipe, earlier.Name)))
            {
                context.Progress.Note($"{stage.Name}: starts from {missing.Folder}, which is not there yet");
            }
        }
    }

    /// <summary>Runs what is not done; the stages' own results go nowhere, their progress where it always goes.</summary>
    public static void Run(Recipe recipe, CommandContext context)
    {
        var stages = Of(recipe);
        foreach (var (i, stage) in stages.Index())
        {
            if (context.Stop.IsCancellationRequested) throw new InterruptedException($"stopped before the stage {stage.Name}; run the same command again to go on");
            context.Progress.Note($"[{i + 1}/{stages.Count}] {stage.Name}");
            try
            {
                stage.Run(i == 0 ? recipe : AfterTheFirst(recipe), context with { Output = TextWriter.Null });
            }
            catch (Exception failure) when (OutOfMemory.Line(failure, () => stage.WhenOutOfMemory(recipe)) is { } line)
            {
                // Beyond here nobody knows whose keys would help.
                throw new RlhfException($"{stage.Name}: {line}", failure);
            }
        }
    }

    // What must be there is the pipeline's run, which its first stage tells; the others begin when their turn comes.
    private static Recipe AfterTheFirst(Recipe recipe) => recipe.Resume == Resume.Must ? recipe with { Resume = Resume.Auto } : recipe;
}
