using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Foundation.Runs;

/// <summary>The ranks of a job work on one run: the same recipe, the same data, the same folder. All of them see alike what is not, and name the rank.</summary>
internal static class RunAgreement
{
    private static readonly TimeSpan s_visible = TimeSpan.FromSeconds(10);

    public static void OnTheWork(Collective job, object recipe, IReadOnlyList<string> inputs)
    {
        if (job.Size == 1) return;
        var all = job.GatherValues(new Work(Environment.MachineName, [.. RecipeWriter.Write(recipe).Split('\n').Select(line => line.Split("  #")[0])], RunInputs.Of(inputs).ToDictionary()));
        for (var rank = 1; rank < all.Length; rank++)
        {
            if (Difference(all[0], all[rank]) is { } what) throw new RlhfException($"rank {rank} of {job.Size} ({all[rank].Host}) {what}; give all ranks the same recipe, keys and files");
        }
    }

    public static void OnTheFolder(Collective job, string folder, long stepsDone)
    {
        if (job.Size == 1) return;
        // A shared file system may show a new file a little later.
        var isThere = SpinWait.SpinUntil(() => File.Exists(Path.Combine(folder, RunFolder.Recipe)), s_visible);
        var all = job.GatherValues(new Place(Environment.MachineName, stepsDone, isThere));
        var blind = Array.FindIndex(all, one => !one.IsThere);
        if (blind >= 0) throw new RlhfException($"rank {blind} of {job.Size} ({all[blind].Host}) does not see {folder} of rank 0 ({all[0].Host}); all ranks have to see one folder, so put it on a file system that they share");
        var other = Array.FindIndex(all, one => one.StepsDone != all[0].StepsDone);
        if (other > 0) throw new RlhfException($"rank {other} of {job.Size} ({all[other].Host}) sees step {all[other].StepsDone} in {folder} and rank 0 ({all[0].Host}) step {all[0].StepsDone}; all ranks have to see one folder, so put it on a file system that they share");
    }

    private static string? Difference(Work first, Work other)
    {
        for (var line = 0; line < Math.Max(first.Recipe.Length, other.Recipe.Length); line++)
        {
            var (one, two) = (first.Recipe.ElementAtOrDefault(line), other.Recipe.ElementAtOrDefault(line));
            if (one != two) return $"runs another recipe: '{two?.Trim()}' where rank 0 has '{one?.Trim()}'";
        }

        var input = first.Inputs.Keys.FirstOrDefault(path => other.Inputs.GetValueOrDefault(path) != first.Inputs[path]);
        return input is null ? null : $"has other data: {input} is not what it is on rank 0";
    }

    private sealed record Work(string Host, string[] Recipe, Dictionary<string, string> Inputs);

    private sealed record Place(string Host, long StepsDone, bool IsThere);
}
