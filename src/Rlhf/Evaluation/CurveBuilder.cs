namespace Rlhf.Evaluation;

/// <summary>Puts a curve together from the episodes of the reference and of every checkpoint.</summary>
public static class CurveBuilder
{
    /// <summary>A law of two parameters fitted to fewer checkpoints than this would look better than it is.</summary>
    public const int FewestPointsForFit = 4;

    public static Curve Build(EvaluatedPrompts reference, IReadOnlyList<EvaluatedPolicy> policies, BootstrapOptions options)
    {
        if (reference.Count == 0) throw new ArgumentException("the reference has no episodes: there is nothing to compare with");
        CurvePoint[] points = [.. policies.OrderBy(policy => policy.Run, StringComparer.Ordinal).ThenBy(policy => policy.Step)
            .Select(policy => CurvePoints.Summarize(policy, reference, options))];
        return new Curve
        {
            Prompts = reference.Count,
            SamplesPerPrompt = reference.Samples,
            Reference = CurvePoints.Reference(reference, options),
            ProxyScale = ScoreScale.Of([.. reference.All.Select(e => e.Proxy)]),
            GoldScale = reference.HasGold ? ScoreScale.Of([.. reference.All.Select(e => e.Gold!.Value)]) : null,
            Points = points,
            BestOfN = reference.Samples > 1 ? CurvePoints.BestOfNCurve(reference, options) : [],
            Fits = [.. BestOfNFit(reference, options), .. Fits(points, options)],
        };
    }

    /// <summary>A fit for each algorithm with checkpoints enough, all on the same prompts.</summary>
    public static IEnumerable<Overoptimisation> Fits(IReadOnlyList<CurvePoint> points, BootstrapOptions options) =>
        points.Where(point => point.ByPrompt is not null).GroupBy(point => point.Algorithm)
            .Where(group => group.Count() >= FewestPointsForFit)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => OveroptimisationAnalysis.Analyse(group.Key, FitForm.Policy, [.. group.Select(point => point.ByPrompt!)], options))
            .OfType<Overoptimisation>();

    private static IEnumerable<Overoptimisation> BestOfNFit(EvaluatedPrompts reference, BootstrapOptions options)
    {
        if (reference.Samples > FewestPointsForFit
            && OveroptimisationAnalysis.Analyse("best_of_n", FitForm.BestOfN, CurvePoints.BestOfNForFit(reference), options) is { } fit)
            yield return fit;
    }
}
