using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Cli.Sweeps;

public enum PointStatus
{
    Running,
    Done,
    Failed,

    /// <summary>Stopped with a checkpoint; it goes on when the sweep is run again.</summary>
    Stopped,
}

/// <summary>How far a point is: point.json in its folder, so that jobs on several machines do not write one file.</summary>
public sealed record PointState
{
    public const string FileName = "point.json";

    public required string Name { get; init; }

    /// <summary>The name of its settings that go together.</summary>
    public string? Case { get; init; }

    public required IReadOnlyDictionary<string, string> Settings { get; init; }
    public required PointStatus Status { get; init; }

    /// <summary>The stage that runs, or that did not end well.</summary>
    public string? Stage { get; init; }

    /// <summary>The failed stage's last line on stderr.</summary>
    public string? Error { get; init; }

    /// <summary>Working time of all attempts.</summary>
    public double Seconds { get; init; }

    public void Write(string folder) =>
        Durable.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, JsonText.Indented) + "\n");

    /// <summary>Null where there is none.</summary>
    public static PointState? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<PointState>(File.ReadAllText(path), JsonText.Indented);
        }
        catch (JsonException e)
        {
            throw new RlhfException($"{path}: damaged ({e.Message.TrimEnd('.')}); delete it, and the point is run again from its last checkpoint", e);
        }
    }
}
