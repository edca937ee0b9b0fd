namespace Rlhf.Evaluation;

/// <summary>What the policy and the reference wrote to one prompt, side by side: a line of the curve's samples.jsonl.</summary>
internal sealed record EvaluatedSample
{
    public required int Step { get; init; }
    public required string Prompt { get; init; }
    public required string Response { get; init; }
    public required string ReferenceResponse { get; init; }
    public required double Score { get; init; }
    public required double ReferenceScore { get; init; }
    public double? Gold { get; init; }
    public double? ReferenceGold { get; init; }
    public required double Kl { get; init; }

    /// <summary>The response token by token, as text.</summary>
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>KL of each token, in nats.</summary>
    public IReadOnlyList<double> TokenKl { get; init; } = [];

    /// <summary>The first sample of each of the first prompts; the reference answered the same prompts.</summary>
    public static IReadOnlyList<EvaluatedSample> Of(EvaluatedPolicy policy, EvaluatedPrompts reference, int count) =>
        [.. Enumerable.Range(0, Math.Min(count, policy.Prompts.Count)).Select(prompt => Of(policy.Step, policy.Prompts[prompt][0], reference[prompt][0]))];

    private static EvaluatedSample Of(int step, EvaluatedEpisode ours, EvaluatedEpisode theirs) => new()
    {
        Step = step,
        Prompt = ours.PromptText,
        Response = ours.Response,
        ReferenceResponse = theirs.Response,
        Score = ours.Proxy,
        ReferenceScore = theirs.Proxy,
        Gold = ours.Gold,
        ReferenceGold = theirs.Gold,
        Kl = double.IsFinite(ours.ExactKl) ? ours.ExactKl : ours.K1,
        Tokens = ours.TokenTexts,
        TokenKl = ours.TokenKl,
    };
}
