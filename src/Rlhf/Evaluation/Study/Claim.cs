namespace Rlhf.Evaluation.Study;

/// <summary>What the numbers say of a claim.</summary>
internal enum Holding
{
    Holds,
    DoesNot,
    CannotTell,
}

/// <summary>A claim of the literature, the number that it comes to, and what that says.</summary>
internal sealed record Claim
{
    /// <summary>Short, for files.</summary>
    public required string Id { get; init; }

    /// <summary>One sentence.</summary>
    public required string Text { get; init; }

    /// <summary>What the number is, with its unit.</summary>
    public required string Measure { get; init; }

    /// <summary>Its interval is for all claims together.</summary>
    public required Estimate Effect { get; init; }

    /// <summary>The same number of each seed alone.</summary>
    public required IReadOnlyList<double> BySeed { get; init; }

    public required Holding Verdict { get; init; }

    /// <summary>What the verdict rests on.</summary>
    public required string Why { get; init; }
}
