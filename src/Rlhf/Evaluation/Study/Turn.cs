namespace Rlhf.Evaluation.Study;

/// <summary>What becomes of gold as a proxy is optimised.</summary>
internal enum TurnKind
{
    /// <summary>The intervals allow several of the others.</summary>
    Unclear,

    /// <summary>It rose to the end of what was measured.</summary>
    None,

    /// <summary>It rose, and fell again.</summary>
    Turned,

    /// <summary>It never rose.</summary>
    AtOnce,
}

/// <summary>An arm's fit with its intervals over prompts, and whether gold turns.</summary>
/// <param name="PeakKl">Within what was measured.</param>
/// <param name="Fall">What gold loses from there to the end.</param>
internal sealed record Turn(TurnKind Kind, FittedLaw Gold, FittedLaw Proxy, Estimate PeakKl, Estimate PeakGain, Estimate Fall, double LargestKl)
{
    /// <param name="margin">A gain or loss of less than this, in σ, counts as none.</param>
    public static Turn Of(StudyArm arm, double margin, BootstrapOptions options)
    {
        var prompts = arm.Runs[0].Points[0].Kl.Count;
        var whole = ArmNumbers.Of(arm, [.. Enumerable.Range(0, prompts)]);
        var found = Bootstrap.Statistics(prompts, drawn =>
        {
            var gold = ArmNumbers.Of(arm, drawn);
            var proxy = ArmNumbers.Of(ByProxy(arm), drawn).Fit;
            // Gain and fall at the place that all prompts together name: a place chosen anew in each replicate would find a peak in any noise.
            return [gold.Fit?.Alpha ?? double.NaN, gold.Fit?.Beta ?? double.NaN, proxy?.Alpha ?? double.NaN, proxy?.Beta ?? double.NaN, gold.PeakKl, gold.At(whole.PeakKl), gold.At(whole.PeakKl) - gold.At(whole.LargestKl)];
        }, options);
        return new Turn(KindOf(found[5], found[6], margin), new FittedLaw(found[0], found[1]), new FittedLaw(found[2], found[3]), found[4], found[5], found[6], whole.LargestKl);
    }

    internal static TurnKind KindOf(Estimate peak, Estimate fall, double margin) => (peak.Low > 0, peak.High < margin, fall.Low > 0, fall.High < margin) switch
    {
        (true, false, true, _) => TurnKind.Turned,
        (true, false, false, true) => TurnKind.None,
        (_, true, _, _) => TurnKind.AtOnce,
        _ => TurnKind.Unclear,
    };

    internal static StudyArm ByProxy(StudyArm arm) => arm with { Runs = [.. arm.Runs.Select(run => run with { Points = [.. run.Points.Select(point => point with { GoldGain = point.ProxyGain })] })] };
}
