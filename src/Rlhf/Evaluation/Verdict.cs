namespace Rlhf.Evaluation;

/// <summary>What a curve comes to.</summary>
public enum VerdictKind
{
    /// <summary>Nothing could be judged.</summary>
    Unknown,

    /// <summary>Gold rose and has not fallen.</summary>
    Gained,

    /// <summary>Gold rose, then fell while the proxy went on.</summary>
    OverOptimised,

    /// <summary>Gold did not rise beyond its noise.</summary>
    NoGain,

    /// <summary>There is no gold score: only the proxy rose.</summary>
    ProxyOnly,
}

/// <summary>What the curve says in plain words, and the checkpoint to use.</summary>
public sealed record Verdict
{
    public required VerdictKind Kind { get; init; }

    /// <summary>One sentence.</summary>
    public required string Headline { get; init; }

    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>What could not be judged, and why.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>Null where the reference is the better choice or nothing can be said.</summary>
    public CurvePoint? Recommended { get; init; }
}

/// <summary>A curve with what it says.</summary>
/// <param name="Folder">Where its files are.</param>
public sealed record JudgedCurve(string Folder, Verdict Verdict, Curve Curve);
