using System.Text.Json;
using Rlhf.Cli.Stages;
using Rlhf.Dpo;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Sft;
using Rlhf.Ppo;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Cards;

/// <summary>The run that left a model, as its folder tells.</summary>
/// <param name="Folder">the run's, which the model stands in</param>
/// <param name="Recipe">what it was run with; its one section says which stage it was</param>
/// <param name="Text">recipe.yaml as it stands there</param>
internal sealed record CardRun(string Folder, Recipe Recipe, string Text)
{
    private const int LongestLine = 16;

    public string Stage => Recipe switch
    {
        { Ppo: not null } => StageNames.Ppo,
        { Dpo: not null } => StageNames.Dpo,
        { Reward: not null } => StageNames.Reward,
        _ => StageNames.Sft,
    };

    /// <summary>The folder that training started from; empty for random weights.</summary>
    public string Start => Recipe.Ppo?.Model ?? Recipe.Dpo?.Model ?? Recipe.Reward?.Model ?? Recipe.Sft?.Model ?? "";

    /// <summary>Files of rows that it read.</summary>
    public IReadOnlyList<string> Data => [.. new[] { Recipe.Ppo?.Prompts, Recipe.Dpo?.Data, Recipe.Dpo?.EvalData, Recipe.Reward?.Data, Recipe.Reward?.EvalData, Recipe.Sft?.Data, Recipe.Sft?.EvalData }
        .OfType<string>().Where(path => path.Length > 0)];

    /// <summary>environment.json without what is about the machine's owner: its name, the process, the command.</summary>
    public IReadOnlyDictionary<string, string> Environment
    {
        get
        {
            try
            {
                var all = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(Folder, "environment.json"))) ?? [];
                return all.Where(fact => fact.Key is "rlhf" or "libtorch" or "dotnet" or "device" or "gpu" or "products" or "threads" or "ranks" or "seed" or "processor").ToDictionary();
            }
            catch (Exception error) when (error is JsonException or IOException)
            {
                return new Dictionary<string, string>();
            }
        }
    }

    /// <summary>The run of a model's folder; null where it is no run's final/, best/ or checkpoint.</summary>
    public static CardRun? Of(string model)
    {
        var folder = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)));
        if (folder is null || !File.Exists(Path.Combine(folder, RunFolder.Recipe))) return null;
        var text = File.ReadAllText(Path.Combine(folder, RunFolder.Recipe));
        return Read(text) is { } recipe ? new CardRun(Path.GetRelativePath(".", folder), recipe, text) : null;
    }

    /// <summary>This run and those before it, the latest first, as far as they can be found.</summary>
    public IReadOnlyList<CardRun> Line()
    {
        var line = new List<CardRun> { this };
        while (line.Count < LongestLine && line[^1].Start is { Length: > 0 } start && Of(start) is { } earlier && !line.Exists(run => run.Folder == earlier.Folder)) line.Add(earlier);
        return line;
    }

    // A program that embeds the trainers opens its run with the section alone.
    private static Recipe? Read(string text) =>
        Bound<Recipe>(text) is { } whole && (whole.Ppo ?? whole.Dpo ?? whole.Sft ?? (object?)whole.Reward) is not null ? whole
        : Bound<PpoRecipe>(text) is { } ppo ? new Recipe { Ppo = ppo }
        : Bound<DpoRecipe>(text) is { } dpo ? new Recipe { Dpo = dpo }
        : Bound<RewardRecipe>(text) is { } reward ? new Recipe { Reward = reward }
        : Bound<SftRecipe>(text) is { } sft ? new Recipe { Sft = sft }
        : null;

    private static T? Bound<T>(string text) where T : class
    {
        try
        {
            return RecipeBinder.Bind<T>(text, RunFolder.Recipe);
        }
        catch (RlhfException)
        {
            return null;
        }
    }
}
