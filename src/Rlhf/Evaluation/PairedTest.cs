using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace Rlhf.Evaluation;

/// <summary>Whether two policies differ, by one difference per prompt.</summary>
/// <param name="Difference">The mean with its interval by Student's t.</param>
/// <param name="Probability">Of a mean at least so far from 0 were there no difference (two-sided).</param>
internal sealed record PairedTest(Estimate Difference, double Probability)
{
    public static PairedTest Of(IReadOnlyList<double> differences, double level = 0.95)
    {
        if (differences.Count == 0) return new PairedTest(new Estimate(double.NaN, double.NaN, double.NaN), double.NaN);
        var mean = differences.Average();
        if (differences.Count == 1) return new PairedTest(new Estimate(mean, double.NaN, double.NaN), double.NaN);
        var error = differences.StandardDeviation() / Math.Sqrt(differences.Count);
        if (error == 0) return new PairedTest(Estimate.Exactly(mean), mean == 0 ? 1 : 0);
        var freedom = differences.Count - 1;
        var width = error * StudentT.InvCDF(0, 1, freedom, (1 + level) / 2);
        return new PairedTest(new Estimate(mean, mean - width, mean + width), 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(mean / error)));
    }
}
