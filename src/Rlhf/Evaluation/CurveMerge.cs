namespace Rlhf.Evaluation;

/// <summary>One curve from those of several runs that share a reference.</summary>
public static class CurveMerge
{
    /// <summary>
    /// The points of all, each under its run's name; reference and best-of-n are the first curve's. Fits are made anew
    /// from the points' means, with intervals from resampling the points.
    /// </summary>
    public static Curve Of(IReadOnlyList<(string Run, Curve Curve)> curves, BootstrapOptions options)
    {
        if (curves.Count == 0) throw new ArgumentException("there is no curve to merge");
        var first = curves[0].Curve;
        CurvePoint[] points = [.. curves.SelectMany(curve => curve.Curve.Points.Select(point => point with { Run = curve.Run }))];
        var fits = points.GroupBy(point => point.Algorithm).Where(group => group.Count() >= CurveBuilder.FewestPointsForFit)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => OveroptimisationAnalysis.Analyse(group.Key, FitForm.Policy, [.. group.Select(ForFit)], options)).OfType<Overoptimisation>();
        return first with { Points = points, Fits = [.. first.Fits.Where(fit => fit.Form == FitForm.BestOfN), .. fits] };
    }

    private static FitPoint ForFit(CurvePoint point) =>
        new([point.Kl.Best.Value], [point.ProxyGain.Value], point.GoldGain is { } gold ? [gold.Value] : null);
}
