using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Checkpoints;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Models;

/// <summary>
/// Reward models on disk: a sequence-classification model in the Hugging Face layout with one label for each head;
/// or, for several models, a folder of such folders and <c>ensemble.json</c>.
/// </summary>
public static class RewardFolder
{
    private const string Index = "ensemble.json";

    /// <summary>Loads what <see cref="Save"/> wrote, or a sequence-classification model of other software.</summary>
    public static RewardEnsemble Load(string folder, Device device, ScalarType? type = null)
    {
        var index = Path.Combine(folder, Index);
        if (!File.Exists(index))
        {
            var model = LoadModel(folder, device, type);
            var facts = RewardFacts.Read(folder);
            return new RewardEnsemble([model], facts.Ensemble) { Scale = facts.Scale };
        }

        var (members, ensemble) = ReadIndex(index);
        return new RewardEnsemble([.. members.Select(member => LoadModel(Path.Combine(folder, member), device, type))], ensemble.Ensemble) { Scale = ensemble.Scale };
    }

    /// <param name="training">What it was trained on and how well it did, for config.json.</param>
    public static void Save(RewardEnsemble ensemble, string folder, string? tokenizerFrom, JsonObject? training = null)
    {
        var combined = new RewardFacts { Ensemble = ensemble.Options, Scale = ensemble.Scale, Training = training };
        if (ensemble.Models.Count == 1)
        {
            SaveModel(ensemble.Models[0], folder, tokenizerFrom, combined);
            return;
        }

        var members = ensemble.Models.Select((_, i) => $"member-{i + 1}").ToArray();
        foreach (var (model, member) in ensemble.Models.Zip(members)) SaveModel(model, Path.Combine(folder, member), tokenizerFrom, new RewardFacts());
        var json = new JsonObject { ["members"] = new JsonArray([.. members.Select(member => (JsonNode)member)]), [RewardFacts.Key] = combined.ToJson() };
        File.WriteAllText(Path.Combine(folder, Index), json.ToJsonString(JsonText.Indented) + "\n");
    }

    /// <summary>Where the tokenizer of a reward model stands.</summary>
    public static string TokenizerFolder(string folder)
    {
        var index = Path.Combine(folder, Index);
        return File.Exists(index) ? Path.Combine(folder, ReadIndex(index).Members[0]) : folder;
    }

    private static RewardModel LoadModel(string folder, Device device, ScalarType? type)
    {
        var loaded = ModelFolder.LoadTrunk(folder, device, type);
        if (loaded.Score is not { } head)
            throw new RlhfException($"{folder}: holds a language model, not a reward model (no score.weight); train one from it with 'rlhf reward'");
        using (head)
        {
            var model = new RewardModel(loaded.Trunk, head.clone());
            var scales = RewardFacts.Read(folder).Scales;
            if (scales.Count != 0 && scales.Count != model.Heads)
                throw new RlhfException($"{folder}/config.json: {scales.Count} scales for {model.Heads} score heads");
            if (scales.Count > 0) model.Scales = scales;
            return model;
        }
    }

    private static void SaveModel(RewardModel model, string folder, string? tokenizerFrom, RewardFacts facts) =>
        ModelFolder.SaveTrunk(model.Trunk, model.Head, folder, new SaveOptions
        {
            TokenizerFrom = tokenizerFrom,
            Facts = new JsonObject { [RewardFacts.Key] = (facts with { Scales = model.Scales }).ToJson() },
        });

    private static (string[] Members, RewardFacts Facts) ReadIndex(string path)
    {
        try
        {
            var json = JsonNode.Parse(SmallFile.ReadBytes(path)) as JsonObject ?? [];
            var members = json["members"]?.AsArray().Select(member => member?.GetValue<string>() ?? "").ToArray() ?? [];
            if (members.Length == 0 || members.Any(member => member != Path.GetFileName(member) || member is "" or "." or ".."))
                throw new RlhfException($"{path}: 'members' has to name folders beside this file");
            return (members, json[RewardFacts.Key].Deserialize<RewardFacts>(JsonText.Indented) ?? new RewardFacts());
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or ArgumentException)   // the last: a key is there twice
        {
            throw new RlhfException($"{path}: not what 'rlhf reward' writes: {error.Message}", error);
        }
    }
}
