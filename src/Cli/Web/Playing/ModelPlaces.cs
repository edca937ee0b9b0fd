using System.Text.Json;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Web.Watching;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Cli.Web.Playing;

internal enum ModelKind
{
    Policy,
    Reward,
}

/// <summary>A model that may be loaded, and what requests call it.</summary>
internal sealed record ModelPlace(string Id, string Folder, ModelKind Kind);

/// <summary>The models there are: those that were named, and what runs have left so far. Nothing else is ever loaded.</summary>
internal sealed class ModelPlaces(IReadOnlyList<string> named, RunCatalogue runs)
{
    public IReadOnlyList<ModelPlace> All() =>
    [
        .. named.Select(folder => Place(Path.TrimEndingDirectorySeparator(folder), folder)).Concat(runs.Runs().Where(run => run.Stage != StageNames.Tokenizer).SelectMany(OfRun))
            .OfType<ModelPlace>().DistinctBy(place => place.Id),
    ];

    public ModelPlace Find(string id, ModelKind kind) => All().FirstOrDefault(place => place.Id == id && place.Kind == kind)
        ?? throw new RlhfException($"there is no {(kind == ModelKind.Policy ? "language model" : "reward model")} '{id}' here; /v1/models lists what there is");

    private static IEnumerable<ModelPlace?> OfRun(WatchedRun run)
    {
        yield return Place($"{run.Id}/final", Path.Combine(run.Folder, "final"));
        var checkpoints = Path.Combine(run.Folder, "checkpoints");
        if (!Directory.Exists(checkpoints)) yield break;
        foreach (var folder in Directory.GetDirectories(checkpoints, "step-*").Order(StringComparer.Ordinal)) yield return Place($"{run.Id}/{Path.GetFileName(folder)}", folder);
    }

    private static ModelPlace? Place(string id, string folder)
    {
        // Checkpoints keep the policy in a folder of its own beside the state of training.
        if (!File.Exists(Path.Combine(folder, "config.json")) && File.Exists(Path.Combine(folder, "policy", "config.json"))) folder = Path.Combine(folder, "policy");
        if (File.Exists(Path.Combine(folder, "ensemble.json"))) return new ModelPlace(id, folder, ModelKind.Reward);
        try
        {
            using var config = JsonDocument.Parse(SmallFile.ReadBytes(Path.Combine(folder, "config.json")));
            var isReward = config.RootElement.TryGetProperty("architectures", out var names) && names.ValueKind == JsonValueKind.Array
                && names.EnumerateArray().Any(name => name.GetString()?.EndsWith("ForSequenceClassification", StringComparison.Ordinal) == true);
            var hasTokenizer = File.Exists(Path.Combine(folder, "tokenizer.json")) || File.Exists(Path.Combine(folder, "vocab.json"));
            return hasTokenizer ? new ModelPlace(id, folder, isReward ? ModelKind.Reward : ModelKind.Policy) : null;
        }
        catch (Exception none) when (none is RlhfException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
