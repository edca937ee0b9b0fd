using System.Globalization;
using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Runs;

/// <summary>Which checkpoints stay: the newest <c>KeepLast</c>, and of the older ones every <c>KeepEvery</c>-th step (0: none).</summary>
public sealed record Retention(int KeepLast = 2, long KeepEvery = 0);

/// <summary>A complete checkpoint whose files were held against their checksums.</summary>
public sealed record CheckpointFolder(string Folder, CheckpointManifest Manifest)
{
    /// <summary>Steps done when it was taken.</summary>
    public long Step => Manifest.Step;

    public string File(string name) => Path.Combine(Folder, name);
}

/// <summary>
/// The checkpoints of one run, <c>step-000120/</c> each. One is written under a temporary name, flushed, given a
/// manifest of checksums, and renamed: a crash at any moment leaves the complete ones and nothing that looks like one.
/// </summary>
public sealed class CheckpointStore
{
    private const string Prefix = "step-";
    private const string Unfinished = ".unfinished-";

    private readonly string _folder;
    private readonly Retention _retention;
    private readonly Action<string> _warn;

    public CheckpointStore(string folder, Retention retention, Action<string> warn)
    {
        (_folder, _retention, _warn) = (folder, retention, warn);
        if (!Directory.Exists(folder)) return;
        foreach (var leftover in Directory.EnumerateDirectories(folder, Unfinished + "*")) Directory.Delete(leftover, recursive: true);
    }

    /// <summary>Steps of the checkpoints present, damaged ones included, oldest first.</summary>
    public IReadOnlyList<long> Steps => [.. Find(_folder).Select(found => found.Step)];

    /// <summary>The checkpoints in a folder, oldest first, for who only reads: another process may be writing there.</summary>
    public static IReadOnlyList<(long Step, string Folder)> Find(string folder) => !Directory.Exists(folder) ? [] :
    [
        .. Directory.EnumerateDirectories(folder, Prefix + "*").Select(path => (Step: StepOf(path), path)).Where(found => found.Step is not null)
            .Select(found => (found.Step!.Value, found.path)).OrderBy(found => found.Value),
    ];

    /// <summary>Writes a checkpoint: <paramref name="write"/> fills the folder it is given.</summary>
    public CheckpointFolder Save(long step, Action<string> write) => Save(step, write, new Dictionary<string, long>(), 0);

    internal CheckpointFolder Save(long step, Action<string> write, IReadOnlyDictionary<string, long> logs, double seconds)
    {
        var target = PathOf(step);
        var temporary = Path.Combine(_folder, Unfinished + Path.GetFileName(target));
        CheckpointManifest manifest;
        try
        {
            manifest = FolderWriter.Write(temporary, target, step, write, logs, seconds);
        }
        catch (Exception error) when (Durable.IsDiskFull(error))
        {
            var last = Steps.Count > 0 ? $"the last complete one is {PathOf(Steps[^1])}" : "there is none before it";
            throw new RlhfException($"disk full while writing checkpoint {target}; {last}; free space on that disk, then run the same command again to go on", error);
        }

        Prune(step);
        return new CheckpointFolder(target, manifest);
    }

    /// <summary>The newest checkpoint whose files are whole; damaged ones are reported and passed over.</summary>
    /// <exception cref="RlhfException">There are checkpoints and every one of them is damaged.</exception>
    public CheckpointFolder? Latest()
    {
        var steps = Steps;
        foreach (var step in steps.Reverse())
        {
            try
            {
                return new CheckpointFolder(PathOf(step), CheckpointManifest.ReadVerified(PathOf(step)));
            }
            catch (RlhfException error)
            {
                _warn($"checkpoint {PathOf(step)} is damaged and passed over: {error.Message}");
            }
        }

        if (steps.Count > 0) throw new RlhfException($"all {steps.Count} checkpoints in {_folder} are damaged; restore one, or start over with resume=never");
        return null;
    }

    /// <summary>Drops what <see cref="Retention"/> does not keep of those up to the one just written, which always stays; a later one, damaged and passed over, stays until the run has come to it.</summary>
    private void Prune(long saved)
    {
        foreach (var step in Steps.Where(step => step <= saved).SkipLast(Math.Max(1, _retention.KeepLast)))
        {
            if (_retention.KeepEvery > 0 && step % _retention.KeepEvery == 0) continue;
            FolderWriter.Delete(PathOf(step), Path.Combine(_folder, $"{Unfinished}delete-{step}"));
        }
    }

    private string PathOf(long step) => Path.Combine(_folder, Prefix + step.ToString("000000", CultureInfo.InvariantCulture));

    private static long? StepOf(string path) =>
        long.TryParse(Path.GetFileName(path)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;
}
