using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;
using Rlhf.Foundation.Tracking;

namespace Rlhf.Cli.Tracking;

/// <summary>The section `track:` of a recipe: where else a run's numbers go.</summary>
[Describe("where a run's numbers go besides its folder; nothing waits for these places")]
public sealed record TrackRecipe : IChecked
{
    [Describe("address of an MLflow tracking server; empty: none. MLFLOW_TRACKING_TOKEN (or _USERNAME and _PASSWORD) in the environment says who may")]
    [MayChangeOnResume]
    public string Mlflow { get; init; } = "";

    [Describe("the experiment there, which is made where there is none of the name")]
    [MayChangeOnResume]
    public string Experiment { get; init; } = "rlhf";

    [Describe("address of an OpenTelemetry collector (OTLP over HTTP), as in http://127.0.0.1:4318; empty: none. OTEL_EXPORTER_OTLP_HEADERS in the environment says who may")]
    [MayChangeOnResume]
    public string Otlp { get; init; } = "";

    [Describe("seconds between two readings for OpenTelemetry; of the steps in between only the last is seen")]
    [Above(0)]
    [MayChangeOnResume]
    public double OtlpSeconds { get; init; } = 10;

    public IEnumerable<Problem> Problems()
    {
        if (Wrong(Mlflow) is { } mlflow) yield return new Problem(nameof(Mlflow), $"{mlflow}; expected an address as in http://127.0.0.1:5000");
        if (Wrong(Otlp) is { } otlp) yield return new Problem(nameof(Otlp), $"{otlp}; expected an address as in http://127.0.0.1:4318");
    }

    /// <summary>What a run starts its trackers by.</summary>
    public IReadOnlyList<Func<TrackedRun, ITracker>> Starts()
    {
        var starts = new List<Func<TrackedRun, ITracker>>();
        if (Mlflow.Length > 0) starts.Add(run => new MlflowTracker(new MlflowOptions(new Uri(Mlflow)) { Experiment = Experiment }, run));
        if (Otlp.Length > 0) starts.Add(run => new OtlpTracker(new Uri(Otlp), TimeSpan.FromSeconds(OtlpSeconds), run));
        return starts;
    }

    private static string? Wrong(string text)
    {
        if (text.Length == 0) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")) return $"found {text}";
        return address.UserInfo.Length > 0 ? "found a name or password in it, which recipes would keep; the environment is the place for those" : null;
    }
}
