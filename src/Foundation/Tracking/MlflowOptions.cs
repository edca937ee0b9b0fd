namespace Rlhf.Foundation.Tracking;

/// <summary>Which MLflow server a run's numbers go to. Who may is told by MLFLOW_TRACKING_TOKEN, or _USERNAME and _PASSWORD, in the environment.</summary>
/// <param name="Address">of the tracking server, as in <c>http://127.0.0.1:5000</c></param>
public sealed record MlflowOptions(Uri Address)
{
    /// <summary>The experiment, which is made where there is none of the name.</summary>
    public string Experiment { get; init; } = "rlhf";

    /// <summary>The run's name there; empty: its folder's.</summary>
    public string RunName { get; init; } = "";

    /// <summary>How often a request is tried that may succeed later.</summary>
    public int Tries { get; init; } = 4;

    /// <summary>The wait before the second try; each later one is twice as long.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>How long one request may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the end of a run waits for what is not sent yet.</summary>
    public TimeSpan LastWait { get; init; } = TimeSpan.FromSeconds(15);
}
