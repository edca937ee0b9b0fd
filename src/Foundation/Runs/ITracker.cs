namespace Rlhf.Foundation.Runs;

/// <summary>
/// Another place that sees a run's numbers as they come, such as a team's dashboard. The run does not wait for it and does not
/// depend on it: one that throws is warned of once and asked no more.
/// </summary>
public interface ITracker : IDisposable
{
    /// <summary>A step's numbers, called on the training thread: what takes long belongs elsewhere.</summary>
    /// <param name="step">steps done</param>
    void Log(long step, IReadOnlyDictionary<string, double> metrics);

    /// <summary>The run is over, as far as this process is concerned.</summary>
    void End(RunEnding ending);
}

/// <summary>How a run's session ended.</summary>
public enum RunEnding
{
    /// <summary>It left final/.</summary>
    Finished,

    /// <summary>It was asked to stop, and left a checkpoint.</summary>
    Stopped,

    /// <summary>Something went wrong.</summary>
    Failed,
}

/// <summary>What a tracker is told of a run when it begins.</summary>
/// <param name="Name">the run's folder in short: <c>demo/ppo</c></param>
/// <param name="Keys">every key of its recipe with its value, as text</param>
/// <param name="StepsDone">more than 0 where it goes on from a checkpoint</param>
/// <param name="Warn">shows a line to the user, on the thread of the caller</param>
public sealed record TrackedRun(string Name, string Stage, string Folder, IReadOnlyDictionary<string, string> Keys, long StepsDone, Action<string> Warn);
