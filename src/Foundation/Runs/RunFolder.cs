using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Foundation.Runs;

/// <summary>Decides whether the run a folder holds is the one a recipe describes.</summary>
internal static class RunFolder
{
    internal const string Recipe = "recipe.yaml";
    internal const string Final = "final";
    internal const string Best = "best";
    internal const string Checkpoints = "checkpoints";

    /// <summary>Prepares the folder: a run of the same recipe stays, one of another is refused, and with never it is moved aside.</summary>
    internal static void Prepare(string folder, object recipe, Resume resume)
    {
        var recorded = Path.Combine(folder, Recipe);
        if (resume == Resume.Never && File.Exists(recorded)) MoveAside(folder);
        if (File.Exists(recorded)) Compare(folder, recorded, recipe);
        else if (resume == Resume.Must) throw new RlhfException($"{folder} holds no run to resume; check out= and name=, or leave resume=must away");
        Make(folder);
    }

    /// <summary>Whether a run inside this one's folder has come to a checkpoint or to its end.</summary>
    internal static bool HasParts(string folder) => Directory.EnumerateDirectories(folder).Any(part =>
        File.Exists(Path.Combine(part, Final, CheckpointManifest.FileName)) || CheckpointStore.Find(Path.Combine(part, Checkpoints)).Count > 0);

    /// <summary>Whether the folder tells what it was made from, which is this recipe and these inputs then.</summary>
    /// <param name="warn">Is told of inputs that the record lacks.</param>
    /// <exception cref="StaleRunException">It was made from another recipe, or an input has changed since.</exception>
    public static bool IsOf(string folder, object recipe, IReadOnlyList<string> inputs, Action<string> warn)
    {
        var recorded = Path.Combine(folder, Recipe);
        if (!File.Exists(recorded)) return false;
        Compare(folder, recorded, recipe);
        RunInputs.Check(folder, inputs, warn);
        return true;
    }

    /// <summary>Writes what results in a folder were made from, where they are no run's.</summary>
    /// <param name="inputs">Taken before the work began.</param>
    public static void Record(string folder, object recipe, IReadOnlyDictionary<string, string> inputs)
    {
        RunInputs.Write(folder, inputs);
        Durable.WriteText(Path.Combine(folder, Recipe), RecipeWriter.Write(recipe));
    }

    /// <summary>Moves what a folder holds to the next free <c>.old-N</c> beside it.</summary>
    public static void MoveAside(string folder)
    {
        // Taking the lock first: a run that is being written is not moved away under its writer.
        RunLock.Take(folder).Dispose();
        var number = 1;
        while (Directory.Exists($"{folder}.old-{number}")) number++;
        Directory.Move(folder, $"{folder}.old-{number}");
    }

    private static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException && !Durable.IsDiskFull(error))
        {
            throw new RlhfException($"{folder}: the run's folder cannot be made ({error.Message}); choose another with out=…", error);
        }
    }

    private static void Compare(string folder, string recorded, object recipe)
    {
        object before;
        try
        {
            before = RecipeBinder.Bind(recipe.GetType(), File.ReadAllText(recorded), recorded);
        }
        catch (RlhfException error)
        {
            throw new StaleRunException($"{folder} holds a run this version cannot compare with ({error.Message})", "choose another folder with out=…, or start over with resume=never");
        }

        var changes = RecipeDiff.Between(before, recipe);
        if (changes.Count == 0) return;
        var shown = string.Join("; ", changes.Take(6)) + (changes.Count > 6 ? $"; and {changes.Count - 6} more" : "");
        throw new StaleRunException($"{folder} holds a run of another recipe ({shown})", "choose another folder with out=… or name=…, or start over with resume=never");
    }
}
