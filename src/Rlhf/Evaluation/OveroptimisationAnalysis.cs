namespace Rlhf.Evaluation;

/// <summary>Fits the laws of over-optimisation with intervals.</summary>
internal static class OveroptimisationAnalysis
{
    /// <summary>
    /// Least squares, with intervals from resampling the prompts (shared by all points, so their common error counts) and, for
    /// trained policies, how checkpoints scatter round the law beyond what their prompts explain. Best-of-n's points all come from
    /// one set of samples: only its prompts are resampled. Null where the points do not determine a fit.
    /// </summary>
    public static Overoptimisation? Analyse(string source, FitForm form, IReadOnlyList<FitPoint> points, BootstrapOptions options)
    {
        var usable = points.Where(IsFinite).ToArray();
        if (usable.Length == 0) return null;
        var prompts = usable[0].Kl.Count;
        if (usable.Any(point => point.Kl.Count != prompts)) throw new ArgumentException("points to be fitted together must have been evaluated on the same prompts");
        var gold = usable.All(point => point.GoldGain is not null);
        IReadOnlyList<double>[] kl = [.. usable.Select(point => point.Kl)];
        if (ScatteredPoints.Of(form, kl, [.. usable.Select(point => point.ProxyGain)]) is not { } byProxy) return null;
        var byGold = gold ? ScatteredPoints.Of(form, kl, [.. usable.Select(point => point.GoldGain!)]) : null;

        int[] counts = form == FitForm.BestOfN ? [prompts] : [prompts, usable.Length];
        var found = Bootstrap.Statistics(counts, drawn => Replicate(byProxy, byGold, drawn), options);
        return new Overoptimisation
        {
            Source = source,
            Form = form,
            Points = usable.Length,
            LargestKl = usable.Max(point => point.Kl.Average()),
            Proxy = new FittedLaw(found[0], found[1]),
            Gold = gold ? new FittedLaw(found[2], found[3]) : null,
            PeakKl = gold ? Bounded(found[4]) : null,
            PeakGain = gold ? Bounded(found[5]) : null,
            GapAtPeak = gold ? Bounded(found[6]) : null,
        };
    }

    // Proxy α and β; with gold also its α and β, the KL of its peak, the gain there and the gap there.
    private static double[] Replicate(ScatteredPoints byProxy, ScatteredPoints? byGold, int[][] drawn)
    {
        var points = drawn.Length > 1 ? drawn[1] : null;
        var proxyFit = byProxy.Fit(drawn[0], points);
        double[] proxy = proxyFit is null ? [double.NaN, double.NaN] : [proxyFit.Alpha, proxyFit.Beta];
        if (byGold is null) return proxy;

        var goldFit = byGold.Fit(drawn[0], points);
        if (goldFit is null || proxyFit is null) return [.. proxy, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN];
        var peak = goldFit.PeakKl;
        return double.IsInfinity(peak)
            ? [.. proxy, goldFit.Alpha, goldFit.Beta, peak, double.NaN, double.NaN]
            : [.. proxy, goldFit.Alpha, goldFit.Beta, peak, goldFit.At(peak), proxyFit.At(peak) - goldFit.At(peak)];
    }

    private static bool IsFinite(FitPoint point) =>
        point.Kl.All(double.IsFinite) && point.ProxyGain.All(double.IsFinite) && point.GoldGain?.All(double.IsFinite) != false;

    private static Estimate Bounded(Estimate estimate) => new(Finite(estimate.Value), Finite(estimate.Low), Finite(estimate.High));

    private static double Finite(double value) => double.IsFinite(value) ? value : double.NaN;
}
