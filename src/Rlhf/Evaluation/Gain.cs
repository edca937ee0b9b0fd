namespace Rlhf.Evaluation;

/// <summary>
/// A policy's gain over the reference in standard deviations of the reference's scores. The deviation comes from a sample as the
/// mean does, so both are taken anew from every resampled set of prompts; such a ratio is skewed, and its interval is corrected for that.
/// </summary>
internal static class Gain
{
    /// <param name="policy">The policy's mean score on each prompt.</param>
    /// <param name="reference">Every sample's score of the reference, a list per prompt.</param>
    public static Estimate Estimate(IReadOnlyList<double> policy, IReadOnlyList<IReadOnlyList<double>> reference, BootstrapOptions options) =>
        Estimate(policy, [.. reference.Select(samples => samples.Average())], reference, options);

    /// <param name="baseline">The mean that each prompt's gain is counted from.</param>
    public static Estimate Estimate(IReadOnlyList<double> policy, IReadOnlyList<double> baseline, IReadOnlyList<IReadOnlyList<double>> reference, BootstrapOptions options)
    {
        var centre = reference.SelectMany(samples => samples).DefaultIfEmpty(double.NaN).Average();
        double[] sums = [.. reference.Select(samples => samples.Sum(score => score - centre))], squares = [.. reference.Select(samples => samples.Sum(score => (score - centre) * (score - centre)))];
        var isFlat = squares.Sum() <= 1e-24 * reference.Sum(samples => samples.Count);
        return Bootstrap.Accelerated(policy.Count, Of, options);

        double Of(int[] drawn)
        {
            double difference = 0, sum = 0, square = 0, count = 0;
            foreach (var i in drawn)
            {
                difference += policy[i] - baseline[i];
                sum += sums[i];
                square += squares[i];
                count += reference[i].Count;
            }

            var spread = Math.Sqrt(Math.Max(0, square / count - sum / count * (sum / count)));
            // Scores that are all the same count in their own units; where only those that were drawn are, nothing is known.
            return difference / drawn.Length / (isFlat ? 1 : spread > 1e-12 ? spread : double.NaN);
        }
    }
}
