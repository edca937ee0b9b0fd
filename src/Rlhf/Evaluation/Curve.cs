namespace Rlhf.Evaluation;

/// <summary>The KL-versus-reward evaluation of one or more runs: what curve.json holds.</summary>
public sealed record Curve
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>Names the proxy and gold scores as the recipe does.</summary>
    public string ProxyName { get; init; } = "proxy";

    public string? GoldName { get; init; }

    public int Prompts { get; init; }
    public int SamplesPerPrompt { get; init; }

    public required CurvePoint Reference { get; init; }
    public required ScoreScale ProxyScale { get; init; }
    public ScoreScale? GoldScale { get; init; }

    /// <summary>Checkpoints by run, then by step.</summary>
    public required IReadOnlyList<CurvePoint> Points { get; init; }

    /// <summary>n = 1 … N; empty where it was not measured.</summary>
    public IReadOnlyList<BestOfNPoint> BestOfN { get; init; } = [];

    /// <summary>One for best-of-n and one for each algorithm with points enough.</summary>
    public IReadOnlyList<Overoptimisation> Fits { get; init; } = [];
}
