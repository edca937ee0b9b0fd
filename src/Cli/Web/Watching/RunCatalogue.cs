using Rlhf.Foundation;

namespace Rlhf.Cli.Web.Watching;

/// <summary>The runs in the folders that are watched. Pages name runs by what is in here, so that no path leads elsewhere.</summary>
internal sealed class RunCatalogue(IReadOnlyList<string> folders, TimeProvider clock)
{
    private const int Deepest = 5, Most = 2000;

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(1);
    private static readonly HashSet<string> s_inside = ["checkpoints", "final", "best", "cache"];

    private readonly Lock _gate = new();
    private IReadOnlyList<WatchedRun> _runs = [];
    private long? _looked;

    public IReadOnlyList<WatchedRun> Runs()
    {
        lock (_gate)
        {
            if (_looked is { } at && clock.GetElapsedTime(at) < s_fresh) return _runs;
            _runs = [.. folders.SelectMany(folder => Under(folder, folders.Count > 1 ? Name(folder) : "", 0)).DistinctBy(run => run.Id).Take(Most)];
            _looked = clock.GetTimestamp();
            return _runs;
        }
    }

    /// <exception cref="RlhfException">There is no such run.</exception>
    public WatchedRun Find(string id) => Runs().FirstOrDefault(run => run.Id == id) ?? throw new RlhfException($"there is no run {id}");

    private static IEnumerable<WatchedRun> Under(string folder, string id, int depth)
    {
        if (!Directory.Exists(folder)) yield break;
        if (File.Exists(Path.Combine(folder, "metrics.jsonl"))) yield return new WatchedRun(id.Length > 0 ? id : Name(folder), folder, Name(folder));
        if (depth == Deepest) yield break;
        foreach (var inside in Inside(folder))
            foreach (var run in Under(inside, id.Length > 0 ? $"{id}/{Name(inside)}" : Name(inside), depth + 1)) yield return run;
    }

    private static string[] Inside(string folder)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateDirectories().Where(inside => inside.LinkTarget is null && inside.Name[0] != '.' && !s_inside.Contains(inside.Name)).Select(inside => inside.FullName).Order(StringComparer.Ordinal)];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Name(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
}
