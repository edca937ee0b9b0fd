using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Rewards.Models;

/// <summary>What a reward model's config.json says beside its shape, under <c>rlhf_reward</c>.</summary>
internal sealed record RewardFacts
{
    internal const string Key = "rlhf_reward";

    /// <summary>One scale for each head.</summary>
    public IReadOnlyList<ScoreScale> Scales { get; init; } = [];

    public EnsembleOptions Ensemble { get; init; } = new();

    /// <summary>The scale of the combined score.</summary>
    public ScoreScale Scale { get; init; } = ScoreScale.Identity;

    /// <summary>What it was trained on and how well it did.</summary>
    public JsonObject? Training { get; init; }

    internal JsonNode ToJson() => JsonSerializer.SerializeToNode(this, JsonText.Indented)!;

    /// <summary>The facts of a model folder; the defaults where other software wrote it.</summary>
    public static RewardFacts Read(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        try
        {
            var node = JsonNode.Parse(SmallFile.ReadBytes(path))?[Key];
            return node?.Deserialize<RewardFacts>(JsonText.Indented) ?? new RewardFacts();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)   // the last: a key is there twice
        {
            throw new RlhfException($"{path}: '{Key}' is not what 'rlhf reward' writes: {error.Message}", error);
        }
    }
}
