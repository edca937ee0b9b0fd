namespace Rlhf.Foundation.Runs;

/// <summary>The trackers of a run, none of which can harm it.</summary>
internal sealed class RunTrackers : IDisposable
{
    private readonly List<ITracker> _trackers = [];
    private readonly Action<string> _warn;
    private RunEnding? _ending;

    public RunTrackers(IEnumerable<Func<TrackedRun, ITracker>> starts, TrackedRun run)
    {
        _warn = run.Warn;
        foreach (var start in starts)
        {
            try
            {
                _trackers.Add(start(run));
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                Warn("a tracker", error);
            }
        }
    }

    public void Log(long step, IReadOnlyDictionary<string, double> metrics) => Each(tracker => tracker.Log(step, metrics));

    /// <summary>The first to say how it ended is right.</summary>
    public void End(RunEnding ending)
    {
        if (_ending is not null) return;
        _ending = ending;
        Each(tracker => tracker.End(ending));
    }

    public void Dispose()
    {
        End(RunEnding.Failed);
        Each(tracker => tracker.Dispose());
        _trackers.Clear();
    }

    private void Each(Action<ITracker> action)
    {
        foreach (var tracker in _trackers.ToArray())
        {
            try
            {
                action(tracker);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                _trackers.Remove(tracker);
                Warn(tracker.GetType().Name, error);
            }
        }
    }

    private void Warn(string name, Exception error) => _warn($"{name} failed ({error.Message.ReplaceLineEndings(" ")}); the run goes on without it");
}
