using System.Text.Json;
using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Texts;

namespace Rlhf.Rewards.Scorers;

/// <summary>A verifier of answers that are data.</summary>
[Describe("1 where the response is JSON, alone or in its first ``` block, that fits a schema; 0 where not")]
public sealed record JsonRule
{
    [Describe("how much it counts")]
    public double Weight { get; init; } = 1;

    [Describe("file of a JSON Schema; empty: any JSON will do"), Input]
    public string? Schema { get; init; }
}

/// <summary>Whether a response is JSON of the right form.</summary>
internal sealed class JsonScorer(JsonRule rule) : IScorer
{
    private const string Fence = "```";

    private readonly JsonSchema? _schema = rule.Schema is { } path ? JsonSchema.Load(path, "json.schema") : null;

    public string Name => "json";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => IsRight(item.Response) ? 1.0 : 0)];

    private bool IsRight(string response)
    {
        try
        {
            using var document = JsonDocument.Parse(Block(response) ?? response);
            return _schema?.Fits(document.RootElement) ?? true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)   // the last two: text that is no Unicode
        {
            return false;
        }
    }

    /// <summary>What stands in the first block between lines of ```; null without one.</summary>
    private static string? Block(string response)
    {
        var open = response.IndexOf(Fence, StringComparison.Ordinal);
        var start = open < 0 ? -1 : response.IndexOf('\n', open);
        var end = start < 0 ? -1 : response.IndexOf(Fence, start, StringComparison.Ordinal);
        return end < 0 || response[(open + Fence.Length)..start].Trim() is not ("" or "json") ? null : response[start..end];
    }
}
