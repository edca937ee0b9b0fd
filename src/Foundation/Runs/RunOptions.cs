using Rlhf.Foundation.Jobs;

namespace Rlhf.Foundation.Runs;

/// <summary>What to do with a run directory that already holds a run.</summary>
public enum Resume
{
    /// <summary>Go on where it stopped, when its recipe is the same.</summary>
    Auto,

    /// <summary>Move it aside and start over.</summary>
    Never,

    /// <summary>Go on, and fail where there is neither a checkpoint nor a result.</summary>
    Must,
}

/// <summary>How a run is kept: checkpoints, resuming, and who watches it.</summary>
public sealed record RunOptions
{
    public Resume Resume { get; init; } = Resume.Auto;

    /// <summary>A checkpoint every so many steps; 0: only when the work is asked to stop.</summary>
    public long SaveEvery { get; init; }

    public Retention Retention { get; init; } = new();

    public IProgressSink Progress { get; init; } = new SilentProgress();

    /// <summary>Asks the run to stop at its next step.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>Files and folders the run's numbers depend on: a run whose inputs have changed is not gone on with.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>The processes that share the run: rank 0 writes its directory, and a stop asked of one stops all.</summary>
    public Collective Job { get; init; } = Collective.Alone;

    /// <summary>Facts about the machine for <c>environment.json</c>, beside those every run records.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where else its numbers go, each told by what starts it.</summary>
    public IReadOnlyList<Func<TrackedRun, ITracker>> Trackers { get; init; } = [];
}
