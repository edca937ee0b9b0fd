using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Cli.Sweeps;

/// <summary>
/// Where a sweep lives: <c>sweep/</c> in the run's folder, with base.yaml (the recipe without the grid) and a folder for
/// each point. Shared stages stay in the run's own folder; the points see them through links.
/// </summary>
public sealed record SweepFolder(string Run, string Name = "sweep")
{
    public string Path => System.IO.Path.Combine(Run, Name);

    public string BaseRecipe => System.IO.Path.Combine(Path, "base.yaml");

    public string Report => System.IO.Path.Combine(Path, "report.html");

    public string PointFolder(SweepPoint point) => System.IO.Path.Combine(Path, point.Name);

    public string SharedLog => System.IO.Path.Combine(Path, "shared.log");

    /// <summary>What a point sets beside the base recipe, as words of a command line.</summary>
    public IEnumerable<string> Words(SweepPoint point) => [.. point.Settings.Select(setting => $"{setting.Key}={setting.Value}"), $"name={point.Name}", $"out={PointFolder(point)}"];

    /// <summary>Writes the recipe that every point starts from.</summary>
    public void Prepare(string recipe)
    {
        Directory.CreateDirectory(Path);
        if (!File.Exists(BaseRecipe) || File.ReadAllText(BaseRecipe) != recipe) Durable.WriteText(BaseRecipe, recipe);
    }

    /// <summary>Makes a point's folder, with links to the shared stages.</summary>
    public string PreparePoint(SweepPoint point, IEnumerable<string> shared)
    {
        var folder = PointFolder(point);
        Directory.CreateDirectory(folder);
        foreach (var stage in shared)
        {
            var link = System.IO.Path.Combine(folder, stage);
            if (System.IO.Path.Exists(link) || !Directory.Exists(System.IO.Path.Combine(Run, stage))) continue;
            try
            {
                Directory.CreateSymbolicLink(link, System.IO.Path.Combine("..", "..", stage));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new RlhfException($"{link}: cannot be linked to the shared stage ({e.Message.TrimEnd('.')}); put runs on a file system with symbolic links, or move '{stage}' from sweep.shared to sweep.stages", e);
            }
        }

        return folder;
    }
}
