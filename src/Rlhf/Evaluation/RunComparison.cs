namespace Rlhf.Evaluation;

/// <summary>How a run stands beside the one that did best, both by their best checkpoint.</summary>
/// <param name="Behind">How much less it gained, prompt by prompt, in σ of the reference's scores; null for the best run itself.</param>
/// <param name="Probability">Of such a difference by chance, corrected for the number of runs (Holm); 1 for the best run itself.</param>
internal sealed record RunComparison(string Run, CurvePoint Best, Estimate? Behind, double Probability)
{
    private const double Level = 0.05;

    public bool IsToldApart => Probability < Level;

    /// <summary>All runs that have numbers per prompt, the best first; empty where there are fewer than two.</summary>
    public static IReadOnlyList<RunComparison> Of(Curve curve)
    {
        var best = curve.Points.Where(point => point.ByPrompt is not null && double.IsFinite(Gain(point).Value)).GroupBy(point => point.Run)
            .Select(run => run.MaxBy(point => Gain(point).Value)!).OrderByDescending(point => Gain(point).Value).ToArray();
        if (best.Length < 2 || best.Any(point => Gains(point).Count != Gains(best[0]).Count)) return [];
        var tests = best.Skip(1).Select(point => PairedTest.Of([.. Gains(best[0]).Zip(Gains(point), (leader, other) => leader - other)])).ToArray();
        var adjusted = Holm.Adjust([.. tests.Select(test => test.Probability)]);
        return [new RunComparison(best[0].Run, best[0], null, 1), .. tests.Select((test, i) => new RunComparison(best[i + 1].Run, best[i + 1], test.Difference, adjusted[i]))];
    }

    private static Estimate Gain(CurvePoint point) => point.GoldGain ?? point.ProxyGain;

    private static IReadOnlyList<double> Gains(CurvePoint point) => point.ByPrompt!.GoldGain ?? point.ByPrompt.ProxyGain;
}
