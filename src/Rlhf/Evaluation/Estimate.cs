using System.Text.Json.Serialization;
using Rlhf.Rewards.Evaluation;

namespace Rlhf.Evaluation;

/// <summary>A measured number with the interval it lies in. Bounds that are not known are NaN.</summary>
public sealed record Estimate(double Value, double Low, double High)
{
    /// <summary>A number known without error.</summary>
    public static Estimate Exactly(double value) => new(value, value, value);

    /// <summary>The interval's half-width as one standard error, taking it for a 95% interval of a normal distribution.</summary>
    [JsonIgnore]
    public double StandardError => (High - Low) / (2 * Proportion.Z);

    public bool Contains(double value) => Low <= value && value <= High;
}
