namespace Rlhf.Evaluation;

/// <summary>One sampled response to an evaluation prompt with what was measured on it: a line of the evaluation cache.</summary>
public sealed record EvaluatedEpisode
{
    /// <summary>The prompt's place among the evaluation prompts.</summary>
    public required int Prompt { get; init; }

    /// <summary>The sample's place among the prompt's samples.</summary>
    public required int Sample { get; init; }

    public string PromptText { get; init; } = "";
    public string Response { get; init; } = "";

    /// <summary>Response tokens up to and including the one that ended it.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>Whether the response ended by itself rather than at the length limit.</summary>
    public required bool Ended { get; init; }

    public required double Proxy { get; init; }
    public double? Gold { get; init; }

    /// <summary>Σ_t (log π − log ρ) over the response.</summary>
    public required double K1 { get; init; }

    /// <summary>Σ_t (e^(logρ−logπ) − 1 + log π − log ρ).</summary>
    public required double K3 { get; init; }

    /// <summary>Σ_t Σ_v π(v)(log π(v) − log ρ(v)); NaN where the full vocabulary was not looked at.</summary>
    public required double ExactKl { get; init; }

    /// <summary>The policy's mean entropy per response token, in nats.</summary>
    public required double Entropy { get; init; }

    /// <summary>The text of each token and its KL in nats, for shading; empty where they were not kept.</summary>
    public IReadOnlyList<string> TokenTexts { get; init; } = [];

    public IReadOnlyList<double> TokenKl { get; init; } = [];
}
