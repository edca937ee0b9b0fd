namespace Rlhf.Maths;

/// <summary>
/// Mean and population variance of all scores seen so far, batch by batch
/// (Chan, Golub and LeVeque 1979: the parallel form of Welford's update).
/// </summary>
internal sealed class RunningMoments
{
    /// <summary>Scores come in float32: what differs by less than this share of them differs by rounding.</summary>
    private const double Rounding = 1e-6;

    public double Count { get; private set; }

    public double Mean { get; private set; }

    public double SquaredDeviations { get; private set; }

    /// <summary>
    /// The population deviation; 0 as long as all numbers were the same but for rounding, when there is none to scale by.
    /// </summary>
    public double Deviation => Count > 0 && Math.Sqrt(SquaredDeviations / Count) is var deviation && deviation > Rounding * Math.Abs(Mean) ? deviation : 0;

    public void Observe(IReadOnlyList<double> batch)
    {
        if (batch.Count == 0) return;
        var mean = batch.Average();
        var squares = batch.Sum(x => (x - mean) * (x - mean));
        var total = Count + batch.Count;
        var shift = mean - Mean;
        Mean += shift * batch.Count / total;
        SquaredDeviations += squares + shift * shift * Count * batch.Count / total;
        Count = total;
    }

    /// <summary>Continues from moments that were saved.</summary>
    public void Restore(double count, double mean, double squaredDeviations)
    {
        (Count, Mean, SquaredDeviations) = (count, mean, squaredDeviations);
    }
}
