namespace Rlhf.Maths;

/// <summary>
/// Mean and population variance of all scores seen so far, batch by batch
/// (Chan, Golub and LeVeque 1979: the parallel form of Welford's update).
/// </summary>
public sealed class RunningMoments
{
    public double Count { get; private set; }

    public double Mean { get; private set; }

    public double SquaredDeviations { get; private set; }

    public double Deviation => Count > 0 ? Math.Sqrt(SquaredDeviations / Count) : 1;

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
