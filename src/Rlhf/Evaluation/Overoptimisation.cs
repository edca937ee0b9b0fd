namespace Rlhf.Evaluation;

/// <summary>One policy's numbers for a fit: a number per prompt, or one number alone.</summary>
public sealed record FitPoint(IReadOnlyList<double> Kl, IReadOnlyList<double> ProxyGain, IReadOnlyList<double>? GoldGain);

/// <summary>The parameters of a fitted law.</summary>
public sealed record FittedLaw(Estimate Alpha, Estimate Beta);

/// <summary>Where optimising the proxy stops serving the gold score, from the laws fitted to both.</summary>
public sealed record Overoptimisation
{
    /// <summary>`best_of_n`, or the algorithm whose checkpoints were fitted.</summary>
    public required string Source { get; init; }

    public required FitForm Form { get; init; }

    /// <summary>How many policies the fit rests on.</summary>
    public required int Points { get; init; }

    /// <summary>The largest KL among them; a peak beyond it is extrapolated.</summary>
    public required double LargestKl { get; init; }

    public required FittedLaw Proxy { get; init; }

    /// <summary>Null without gold, as is everything below.</summary>
    public FittedLaw? Gold { get; init; }

    /// <summary>The KL at which gold peaks, in nats per sequence; NaN where it never falls, and NaN as a bound that the data do not set.</summary>
    public Estimate? PeakKl { get; init; }

    /// <summary>The fitted gold gain there.</summary>
    public Estimate? PeakGain { get; init; }

    /// <summary>Proxy gain minus gold gain there: what the proxy promised and did not deliver.</summary>
    public Estimate? GapAtPeak { get; init; }

    public bool PeakIsInsideData => PeakKl is { } peak && peak.Value > 0 && peak.Value <= LargestKl;

    public OveroptimisationFit ProxyFit => new(Form, Proxy.Alpha.Value, Proxy.Beta.Value);

    public OveroptimisationFit? GoldFit => Gold is null ? null : new OveroptimisationFit(Form, Gold.Alpha.Value, Gold.Beta.Value);
}
