namespace Rlhf.Evaluation;

/// <summary>Puts a curve together from the episodes of the reference and of every checkpoint.</summary>
public static class CurveBuilder
{
    /// <summary>A law of two parameters fitted to fewer checkpoints than this would look better than it is.</summary>
    public const int FewestPointsForFit = 4;

    public static Curve Build(EvaluatedPrompts reference, IReadOnlyList<EvaluatedPolicy> policies, BootstrapOptions options)
    {
        if (reference.Count == 0) throw new ArgumentException("the reference has no episodes: there is nothing to compare with");
        return new Curve
        {
            Prompts = reference.Count,
            SamplesPerPrompt = reference.Samples,
            Reference = CurvePoints.Reference(reference, options),
            ProxyScale = ScoreScale.Of([.. reference.All.Select(e => e.Proxy)]),
            GoldScale = reference.HasGold ? ScoreScale.Of([.. reference.All.Select(e => e.Gold!.Value)]) : null,
            Points = [.. policies.OrderBy(policy => policy.Run, StringComparer.Ordinal).ThenBy(policy => policy.Step)
                .Select(policy => CurvePoints.Summarize(policy, reference, options))],
            BestOfN = reference.Samples > 1 ? CurvePoints.BestOfNCurve(reference, options) : [],
            Fits = [.. Fits(reference, policies, options)],
        };
    }

    private static IEnumerable<Overoptimisation> Fits(EvaluatedPrompts reference, IReadOnlyList<EvaluatedPolicy> policies, BootstrapOptions options)
    {
        if (reference.Samples > FewestPointsForFit
            && OveroptimisationAnalysis.Analyse("best_of_n", FitForm.BestOfN, CurvePoints.BestOfNForFit(reference), options) is { } bestOfN)
            yield return bestOfN;

        foreach (var group in policies.GroupBy(policy => policy.Algorithm).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var points = group.Select(policy => CurvePoints.ForFit(policy.Prompts, reference)).ToArray();
            if (points.Length >= FewestPointsForFit
                && OveroptimisationAnalysis.Analyse(group.Key, FitForm.Policy, points, options) is { } fit)
                yield return fit;
        }
    }
}
