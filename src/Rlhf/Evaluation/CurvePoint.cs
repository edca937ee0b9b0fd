namespace Rlhf.Evaluation;

/// <summary>One evaluated policy: a point of the KL-versus-reward curve.</summary>
public sealed record CurvePoint
{
    /// <summary>The run's name.</summary>
    public required string Run { get; init; }

    /// <summary>What trained it: ppo, grpo, rloo, reinforce++, dpo, sft; `reference` for the reference itself.</summary>
    public required string Algorithm { get; init; }

    public required int Step { get; init; }

    /// <summary>Episodes the policy had been trained on.</summary>
    public long Episodes { get; init; }

    /// <summary>The folder of the checkpoint, as the run names it.</summary>
    public string Checkpoint { get; init; } = "";

    /// <summary>Nats per sequence.</summary>
    public required KlSummary Kl { get; init; }

    /// <summary>Nats per response token.</summary>
    public double KlPerToken { get; init; }

    public required Estimate Proxy { get; init; }
    public Estimate? Gold { get; init; }

    /// <summary>Over the reference, in standard deviations of the reference's scores, paired by prompt.</summary>
    public required Estimate ProxyGain { get; init; }

    public Estimate? GoldGain { get; init; }

    /// <summary>Against the reference, by the proxy.</summary>
    public required Estimate ProxyWinRate { get; init; }

    public Estimate? GoldWinRate { get; init; }

    /// <summary>Response tokens.</summary>
    public required Estimate Length { get; init; }

    public double EosRate { get; init; }

    /// <summary>Nats per response token.</summary>
    public double Entropy { get; init; }

    public double Distinct1 { get; init; }
    public double Distinct2 { get; init; }

    /// <summary>Share of 3-grams that their response held before.</summary>
    public double Repetition { get; init; }

    /// <summary>The numbers of each prompt, so that curves of several runs can be fitted together with honest intervals.</summary>
    public FitPoint? ByPrompt { get; init; }

    /// <summary>Rank correlation of proxy and gold over the episodes; NaN without gold.</summary>
    public double ProxyGoldCorrelation { get; init; } = double.NaN;
}
