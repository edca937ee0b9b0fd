using MathNet.Numerics.Distributions;

namespace Rlhf.Rewards.Evaluation;

/// <summary>A share of a sample with its 95% interval.</summary>
/// <param name="Value">The share; NaN of an empty sample.</param>
public sealed record Proportion(double Value, double Low, double High, int Count)
{
    /// <summary>Of a normal distribution 95% lie within so many deviations of its mean.</summary>
    internal static readonly double Z = Normal.InvCDF(0, 1, 0.975);

    /// <summary>
    /// Wilson's score interval: <c>(p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)</c> (Wilson 1927). Ties may count half.
    /// </summary>
    public static Proportion Of(double successes, int count)
    {
        if (count == 0) return new Proportion(double.NaN, double.NaN, double.NaN, 0);
        double share = successes / count, z2 = Z * Z / count;
        var centre = (share + z2 / 2) / (1 + z2);
        var half = Z * Math.Sqrt(share * (1 - share) / count + z2 / (4 * count)) / (1 + z2);
        return new Proportion(share, Math.Max(0, centre - half), Math.Min(1, centre + half), count);
    }
}
