namespace Rlhf.Reports;

/// <summary>A line of samples.jsonl: a prompt with what the reference and the policy made of it. What the line lacks is null, NaN or empty.</summary>
public sealed record SampleRow
{
    public required double Step { get; init; }
    public required string Prompt { get; init; }
    public required string Response { get; init; }
    public string? ReferenceResponse { get; init; }
    public double Score { get; init; } = double.NaN;
    public double ReferenceScore { get; init; } = double.NaN;
    public double Gold { get; init; } = double.NaN;
    public double ReferenceGold { get; init; } = double.NaN;

    /// <summary>KL of the whole response, in nats.</summary>
    public double Kl { get; init; } = double.NaN;

    /// <summary>The response token by token, as text.</summary>
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>KL of each token, in nats; below 0 where the policy finds a token less likely than the reference does.</summary>
    public IReadOnlyList<double> TokenKl { get; init; } = [];
}
