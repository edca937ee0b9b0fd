using Rlhf.Policies.Runs;

namespace Rlhf.Program;

/// <summary>Opens a stage's run: <c>runs/demo/ppo</c> with the keys that decide its numbers.</summary>
internal static class Stage
{
    public static string Folder(Recipe recipe, string stage) => Path.Combine(recipe.Folder, stage);

    /// <param name="decisive">The recipe with only the sections this stage reads: a change to another stage's is no other run.</param>
    public static Run Open(Recipe decisive, string stage, CommandContext context) => Run.Open(Folder(decisive, stage), decisive, stage, new RunOptions
    {
        Resume = decisive.Resume,
        SaveEvery = decisive.SaveEvery,
        Retention = new Retention(decisive.KeepLast, decisive.KeepEvery),
        Progress = context.Progress,
        Stop = context.Stop,
    });
}
