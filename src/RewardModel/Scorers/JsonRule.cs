using System.Text.Json;
using System.Text.RegularExpressions;
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
public sealed partial class JsonScorer(JsonRule rule) : IScorer
{
    private readonly JsonSchema? _schema = rule.Schema is { } path ? JsonSchema.Load(path, "json.schema") : null;

    public string Name => "json";

    public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => IsRight(item.Response) ? 1.0 : 0)];

    private bool IsRight(string response)
    {
        var block = Block().Match(response);
        try
        {
            using var document = JsonDocument.Parse(block.Success ? block.Groups[1].Value : response);
            return _schema?.Fits(document.RootElement) ?? true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"```(?:json)?[ \t]*\n(.*?)```", RegexOptions.Singleline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Block();
}
