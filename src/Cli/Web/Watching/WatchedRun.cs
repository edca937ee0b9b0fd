namespace Rlhf.Cli.Web.Watching;

/// <summary>A folder with a run in it.</summary>
/// <param name="Id">What the pages call it: its path from the folder that is watched.</param>
/// <param name="Stage">ppo, reward, …</param>
internal sealed record WatchedRun(string Id, string Folder, string Stage)
{
    public string Metrics => Path.Combine(Folder, "metrics.jsonl");

    public string Samples => Path.Combine(Folder, "samples.jsonl");

    /// <summary>An evaluation in it, or beside it where a pipeline keeps its own.</summary>
    public string? Curve => new[] { Folder, Path.Combine(Folder, "curve"), Path.Combine(Folder, "..", "curve") }.Select(folder => Path.Combine(folder, "curve.json")).FirstOrDefault(File.Exists);
}
