using Rlhf.Cli.Stages;
using Rlhf.Cli.Sweeps;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Models;

namespace Rlhf.Cli.Curves;

/// <summary>A run that trained a policy, as its directory tells.</summary>
/// <param name="Recipe">What it recorded: the common keys and the section of its stage, with every path it used.</param>
internal sealed record TrainedRun(string Name, string Folder, Recipe Recipe)
{
    private const string PpoPolicy = "policy/", Weights = "model.safetensors", Checkpoints = "checkpoints", Final = "final", RecipeFile = "recipe.yaml";
    private static readonly string[] s_stages = [StageNames.Ppo, StageNames.Dpo];

    /// <summary>The folder that the run's own stands in: of its pipeline, where it has one.</summary>
    public string Pipeline => Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)))!;

    /// <summary>The folder of the policy it started from; empty for random weights.</summary>
    public string Start => Recipe.Ppo?.Model ?? Recipe.Dpo?.Model ?? Recipe.Sft?.Model ?? "";

    /// <summary>The folder of the policy it was held near.</summary>
    public string Reference => Recipe.Ppo?.Reference.Model ?? Recipe.Dpo?.Reference ?? Start;

    private string Algorithm => Recipe.Ppo is { } ppo ? Scalars.Write(ppo.Algorithm) : Recipe.Dpo is { } dpo ? (dpo.Objective == Dpo.DpoObjective.Sigmoid ? "dpo" : Scalars.Write(dpo.Objective)) : "sft";

    private long EpisodesPerStep => Recipe.Ppo?.Episodes ?? Recipe.Dpo?.BatchSize ?? Recipe.Sft!.BatchSize;

    /// <summary>The runs in some folders: each is one, or a pipeline or a sweep that holds some. Their names tell them apart.</summary>
    public static IReadOnlyList<TrainedRun> Find(IEnumerable<string> folders)
    {
        TrainedRun[] found = [.. folders.SelectMany(In).DistinctBy(run => Path.GetFullPath(run.Folder)).Select(run => new TrainedRun("", run.Folder, run.Recipe))];
        if (found.Length == 0) throw new RlhfException("no run given; expected rlhf curve runs/NAME, or a recipe whose stages ppo or dpo were run");
        Func<TrainedRun, string>[] names = [run => Path.GetFileName(run.Pipeline), run => $"{Path.GetFileName(run.Pipeline)}/{Path.GetFileName(Path.TrimEndingDirectorySeparator(run.Folder))}", run => run.Folder];
        var name = names.First(name => found.Select(name).Distinct().Count() == found.Length);
        return [.. found.Select(run => run with { Name = name(run) })];
    }

    /// <summary>Its checkpoints and its end, by step.</summary>
    public IReadOnlyList<PolicyCheckpoint> Policies()
    {
        var model = Recipe.Ppo is null ? Weights : PpoPolicy;
        var final = Path.Combine(Folder, Final);
        // Adapters belong on what the run started from; a model from random weights is shaped like its end.
        var shape = Start.Length > 0 ? Start : final;
        var found = CheckpointStore.Find(Path.Combine(Folder, Checkpoints)).ToDictionary(checkpoint => checkpoint.Step, checkpoint => Policy(checkpoint.Step, checkpoint.Folder, model, shape));
        if (File.Exists(Path.Combine(final, CheckpointManifest.FileName)) && CheckpointManifest.Read(final).Step is var end) found[end] = Policy(end, final, "", final);
        if (found.Count == 0) throw new RlhfException($"{Folder}: holds no checkpoint yet; let the run get as far as save_every, or finish");
        return [.. found.Values.OrderBy(policy => policy.Step)];
    }

    private PolicyCheckpoint Policy(long step, string folder, string model, string shape) =>
        new(Name, Algorithm, step, step * EpisodesPerStep, folder, model, shape, Recipe.Dpo?.Lora ?? Recipe.Sft?.Lora ?? new LoraRecipe());

    private static IEnumerable<(string Folder, Recipe Recipe)> In(string folder)
    {
        if (!Directory.Exists(folder)) throw new RlhfException($"{folder}: no such run directory; give the folder that a training command wrote, for example runs/demo");
        if (Recorded(folder) is { } recipe) return [(folder, recipe)];
        if (SweepResult.IsSweep(folder)) return Directory.GetDirectories(folder).Where(point => File.Exists(Path.Combine(point, PointState.FileName))).Order(StringComparer.Ordinal).SelectMany(In);
        (string, Recipe)[] stages = [.. s_stages.Select(stage => Path.Combine(folder, stage)).Where(Directory.Exists).Select(stage => (stage, Recorded(stage))).Where(stage => stage.Item2 is not null).Select(stage => (stage.stage, stage.Item2!))];
        return stages.Length > 0 ? stages : throw new RlhfException($"{folder}: holds no run of ppo or dpo; give a run's own folder for any other, as in {Path.Combine(folder, StageNames.Sft)}");
    }

    /// <summary>The recipe of a folder that is a policy's run; null where it is none.</summary>
    private static Recipe? Recorded(string folder)
    {
        var path = Path.Combine(folder, RecipeFile);
        if (!File.Exists(path) || RecipeBinder.Load<Recipe>(path) is not { } recipe) return null;
        return (recipe.Ppo is not null || recipe.Dpo is not null || recipe.Sft is not null) && (Directory.Exists(Path.Combine(folder, Checkpoints)) || Directory.Exists(Path.Combine(folder, Final))) ? recipe : null;
    }
}
