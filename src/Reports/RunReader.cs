using System.Text.Json;
using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Rewards.Evaluation;

namespace Rlhf.Reports;

/// <summary>
/// Reads the directory of a run or of a whole pipeline (a directory of stages). Damaged or missing files become notes: a
/// report is wanted most when something went wrong.
/// </summary>
public static class RunReader
{
    private static readonly string[] s_order = ["tokenizer", "sft", "reward", "dpo", "ppo", "curve"];

    public static ReportRun Read(string folder)
    {
        if (!Directory.Exists(folder)) throw new RlhfException($"{folder}: no such run directory; give the folder that a training command wrote, for example runs/demo");
        var notes = new List<string>();
        var stages = Stages(folder).Select(stage => Stage(stage, notes)).ToArray();
        string[] folders = [folder, .. Directory.GetDirectories(folder).Order(StringComparer.Ordinal)];
        if (stages.Length == 0) notes.Add("The directory holds neither recipe.yaml nor metrics.jsonl: no training is recorded in it.");
        var run = new ReportRun
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
            Folder = folder,
            Stages = stages,
            Curve = First(folders, "curve.json", CurveJson.Read, notes),
            Trust = First(folders, "trust.json", RewardReportJson.Read, notes),
            Notes = notes,
        };
        var evaluated = folders.Where(inside => File.Exists(Path.Combine(inside, "curve.json")))
            .Select(inside => SamplesFile.Read(Path.Combine(inside, "samples.jsonl"), notes)).FirstOrDefault(samples => samples.Count > 0);
        return run with { Samples = evaluated ?? run.Policy?.Samples ?? [] };
    }

    private static IEnumerable<string> Stages(string folder)
    {
        if (IsStage(folder)) yield return folder;
        var inside = Directory.GetDirectories(folder).Where(IsStage)
            .OrderBy(path => Array.IndexOf(s_order, Path.GetFileName(path)) is var place && place < 0 ? s_order.Length : place)
            .ThenBy(path => path, StringComparer.Ordinal);
        foreach (var path in inside) yield return path;
    }

    private static bool IsStage(string folder) =>
        File.Exists(Path.Combine(folder, "metrics.jsonl")) || File.Exists(Path.Combine(folder, "environment.json"));

    private static ReportStage Stage(string folder, List<string> notes)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        var found = new List<string>();
        var recipe = Path.Combine(folder, "recipe.yaml");
        if (!File.Exists(recipe)) found.Add("recipe.yaml is missing: what was run cannot be told.");
        var stage = new ReportStage
        {
            Name = name,
            Recipe = File.Exists(recipe) ? Text(recipe, found) : null,
            Environment = Environment(Path.Combine(folder, "environment.json"), found),
            Metrics = MetricsFile.Read(Path.Combine(folder, "metrics.jsonl"), found),
            Samples = SamplesFile.Read(Path.Combine(folder, "samples.jsonl"), found),
        };
        notes.AddRange(found.Select(note => $"{name}/{note}"));
        return stage;
    }

    private static IReadOnlyList<KeyValuePair<string, string>> Environment(string path, List<string> notes)
    {
        if (!File.Exists(path))
        {
            notes.Add("environment.json is missing: versions and machine are unknown.");
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(SmallFile.ReadBytes(path));
            return [.. document.RootElement.EnumerateObject().Select(field => KeyValuePair.Create(field.Name, field.Value.ToString()))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or RlhfException)
        {
            notes.Add("environment.json is damaged and was left out.");
            return [];
        }
    }

    private static string? Text(string path, List<string> notes)
    {
        try
        {
            return SmallFile.ReadText(path);
        }
        catch (RlhfException e)
        {
            notes.Add(e.Message);
            return null;
        }
    }

    private static T? First<T>(string[] folders, string name, Func<string, T> read, List<string> notes) where T : class
    {
        foreach (var path in folders.Select(folder => Path.Combine(folder, name)).Where(File.Exists))
        {
            try
            {
                return read(path);
            }
            catch (RlhfException e)
            {
                notes.Add(e.Message);
            }
        }

        return null;
    }
}
