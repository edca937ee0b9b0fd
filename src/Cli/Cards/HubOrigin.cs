using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rlhf.Cli.Cards;

/// <summary>Where on the hub a folder came from: scripts/download.sh notes it, and some models say it themselves.</summary>
internal static partial class HubOrigin
{
    public const string FileName = ".hub";

    /// <summary><c>openai-community/gpt2</c>; null where nothing tells.</summary>
    public static string? OfModel(string folder) => Noted(folder) ?? Said(Path.Combine(folder, "config.json"));

    /// <summary>The id of the data set that a file is of.</summary>
    public static string? OfData(string file)
    {
        // A data set's files may stand some folders below the one it was fetched into.
        var folder = Path.GetDirectoryName(Path.GetFullPath(file));
        for (var up = 0; up < 3 && folder is not null; up++, folder = Path.GetDirectoryName(folder))
            if (Noted(folder) is { } found) return found;
        return null;
    }

    private static string? Noted(string folder)
    {
        var path = Path.Combine(folder, FileName);
        return File.Exists(path) && File.ReadLines(path).FirstOrDefault()?.Trim() is { } line && Id().Match(line) is { Success: true } id ? id.Groups["id"].Value : null;
    }

    private static string? Said(string config)
    {
        try
        {
            if (!File.Exists(config)) return null;
            using var json = JsonDocument.Parse(File.ReadAllText(config));
            return json.RootElement.TryGetProperty("_name_or_path", out var name) && name.ValueKind == JsonValueKind.String && Id().Match(name.GetString()!) is { Success: true } id && !Path.Exists(id.Value)
                ? id.Groups["id"].Value : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\A(datasets/)?(?<id>[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
