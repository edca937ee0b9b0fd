using System.Globalization;
using System.Text;

namespace Rlhf.Cli.Sweeps;

/// <summary>One point of a grid: the keys it sets and the name of its folder.</summary>
public sealed record SweepPoint(string Name, IReadOnlyList<KeyValuePair<string, string>> Settings)
{
    private const int LongestName = 100;

    /// <summary>The name of its settings that go together; null where there are no cases.</summary>
    public string? Case { get; init; }

    /// <summary>Whether it does without a stage.</summary>
    public bool LeavesOut(string stage) => Settings.Contains(KeyValuePair.Create(stage, "null"));

    /// <summary>Every case with every combination of the grid's values, the last key varying fastest.</summary>
    public static IReadOnlyList<SweepPoint> Of(SweepRecipe sweep)
    {
        if (sweep.Cases.Count == 0) return Of(sweep.Grid);
        var points = sweep.Grid.Count == 0 ? [new SweepPoint("", [])] : Of(sweep.Grid);
        return [.. sweep.Cases.SelectMany(one => points.Select(point => new SweepPoint(Plain(one.Key) + (point.Name.Length > 0 ? $"_{point.Name}" : ""), [.. one.Value, .. point.Settings]) { Case = one.Key }))];
    }

    /// <summary>Every combination of the grid's values, the last key varying fastest.</summary>
    public static IReadOnlyList<SweepPoint> Of(IReadOnlyDictionary<string, string[]> grid)
    {
        IEnumerable<KeyValuePair<string, string>[]> combinations = [[]];
        foreach (var (key, values) in grid)
            combinations = combinations.SelectMany(settings => values.Select(value => (KeyValuePair<string, string>[])[.. settings, KeyValuePair.Create(key, value)]));
        var points = combinations.Select(settings => new SweepPoint(NameOf(settings), settings)).ToArray();
        // Values that differ only in what a folder's name cannot hold.
        return points.DistinctBy(point => point.Name).Count() == points.Length
            ? points
            : [.. points.Select((point, i) => point with { Name = string.Create(CultureInfo.InvariantCulture, $"{i:000}_{point.Name}") })];
    }

    private static string NameOf(KeyValuePair<string, string>[] settings)
    {
        if (settings.Length == 0) return "all-defaults";
        var keys = settings.Select(setting => setting.Key).ToArray();
        var name = string.Join('_', settings.Select(setting => $"{Short(setting.Key, keys)}={Plain(setting.Value)}"));
        return name.Length <= LongestName ? name : name[..LongestName];
    }

    // The last part of a key says enough, unless two keys end alike.
    private static string Short(string key, string[] keys)
    {
        var last = key.Split('.')[^1];
        return keys.Count(other => other.Split('.')[^1] == last) == 1 ? last : key;
    }

    private static string Plain(string value)
    {
        var plain = new StringBuilder();
        foreach (var c in value) plain.Append(char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '+' ? c : '-');
        return plain.ToString();
    }
}
