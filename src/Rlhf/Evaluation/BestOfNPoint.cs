namespace Rlhf.Evaluation;

/// <summary>The reference with the best of n samples kept, as a point of the curve.</summary>
public sealed record BestOfNPoint
{
    public required int N { get; init; }

    /// <summary>ln n − (n−1)/n, in nats per sequence.</summary>
    public required double Kl { get; init; }

    public required Estimate Proxy { get; init; }
    public Estimate? Gold { get; init; }

    /// <summary>Over the reference, in standard deviations of the reference's scores.</summary>
    public required Estimate ProxyGain { get; init; }

    public Estimate? GoldGain { get; init; }
}
