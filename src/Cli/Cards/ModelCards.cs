using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Cards;

/// <summary>Model cards as the hub reads them: front matter, what the model is and how it was made, and room for the user's words.</summary>
internal static class ModelCards
{
    /// <summary>The card of a model, with what the user wrote into the one that is there.</summary>
    /// <param name="place">the card that is there, if one is</param>
    public static string Text(string model, CardFields fields, string place)
    {
        var run = CardRun.Of(model);
        var title = fields.Name.Length > 0 ? fields.Name : run is null ? Leaf(model) : $"{Leaf(Path.Combine(run.Folder, ".."))} {run.Stage}";
        return CardFile.Merge(File.Exists(place) ? File.ReadAllText(place) : null, Keys(model, run, fields), title, CardText.Of(model, run), place, fields.Replace);
    }

    /// <summary>Writes a model's card, or says why not: a card never stops a run.</summary>
    public static void Keep(string model, Action<string> warn)
    {
        try
        {
            var place = Path.Combine(model, CardFile.Name);
            Durable.WriteText(place, Text(model, new CardFields(), place));
        }
        catch (Exception error) when (error is RlhfException or IOException or UnauthorizedAccessException)
        {
            warn($"no model card: {error.Message}");
        }
    }

    /// <summary>Writes the card of a stage's final/ unless one is there.</summary>
    public static void KeepIfMissing(Run run, Action<string> warn)
    {
        var isModel = File.Exists(Path.Combine(run.FinalFolder, "config.json")) || File.Exists(Path.Combine(run.FinalFolder, "ensemble.json"));
        if (run.Job.Rank == 0 && isModel && !File.Exists(Path.Combine(run.FinalFolder, CardFile.Name))) Keep(run.FinalFolder, warn);
    }

    private static List<FrontKey> Keys(string model, CardRun? run, CardFields fields)
    {
        var line = run?.Line() ?? [];
        var start = run is null ? model : CardText.Base(line);
        var origin = start.Length == 0 ? null : HubOrigin.OfModel(start);
        string[] data = [.. line.SelectMany(one => one.Data).Distinct()];
        var known = data.Select(HubOrigin.OfData).OfType<string>().Distinct().ToArray();
        var files = string.Join(", ", data.Where(file => HubOrigin.OfData(file) is null));
        var isReward = run?.Stage == StageNames.Reward;
        List<FrontKey> keys = [new("library_name", ["transformers"]), new("pipeline_tag", [isReward ? "text-classification" : "text-generation"])];
        if (start.Length > 0) keys.Add(Key("base_model", fields.BaseModel, origin, $"the hub's id (owner/name) of {OneLine(start)}"));
        else if (fields.BaseModel.Length > 0) keys.Add(Key("base_model", fields.BaseModel, null, ""));
        keys.Add(List("tags", fields.Tags, Tags(run), "such as rlhf"));
        if (data.Length > 0 || fields.Datasets.Count > 0) keys.Add(List("datasets", fields.Datasets, known, $"the hub's ids of {OneLine(files)}"));
        keys.Add(Key("license", fields.License, null, "as the hub names it: mit, apache-2.0, other …"));
        if (fields.LicenseName.Length > 0) keys.Add(Key("license_name", fields.LicenseName, null, ""));
        if (fields.LicenseLink.Length > 0) keys.Add(Key("license_link", fields.LicenseLink, null, ""));
        keys.Add(List("language", fields.Language, [], "such as en"));
        return keys;
    }

    private static string[] Tags(CardRun? run) => run is null ? ["rlhf"] :
        [.. new[] { "rlhf", run.Stage == StageNames.Reward ? "reward-model" : run.Stage, run.Recipe.Ppo is { } ppo ? Scalars.Write(ppo.Algorithm) : null, run.Recipe.Dpo is { Objective: not Dpo.DpoObjective.Sigmoid } dpo ? Scalars.Write(dpo.Objective) : null }
            .OfType<string>().Distinct()];

    private static FrontKey Key(string name, string given, string? known, string hint) =>
        new(name, given.Length > 0 ? [given] : known is null ? [] : [known], Hint: hint) { IsGiven = given.Length > 0 };

    private static FrontKey List(string name, IReadOnlyList<string> given, IReadOnlyList<string> known, string hint) =>
        new(name, given.Count > 0 ? given : known, IsList: true, hint) { IsGiven = given.Count > 0 };

    private static string OneLine(string words) => string.Concat(words.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' or '\u0085' ? ' ' : c));

    private static string Leaf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
}
