using static Rlhf.Evaluation.Wording;

namespace Rlhf.Evaluation;

/// <summary>
/// Reads a curve and says what it means. The checkpoint to use is the one of least KL whose score lies within one
/// standard error of the best: drift that bought nothing measurable is not worth having.
/// </summary>
public static class Judge
{
    /// <summary>A peak at so many times the KL that was measured is as good as none.</summary>
    private const double FarBeyond = 10;

    public static Verdict Of(Curve curve)
    {
        var points = curve.Points.Where(point => double.IsFinite(point.Kl.Best.Value) && double.IsFinite(point.ProxyGain.Value)).ToArray();
        var missing = Missing(curve, points).ToList();
        if (points.Length == 0)
            return new Verdict { Kind = VerdictKind.Unknown, Headline = "Nothing to judge: no checkpoint with finite scores was evaluated.", Missing = missing };

        var judged = points.Where(point => double.IsFinite(point.GoldGain?.Value ?? double.NaN)).ToArray();
        return judged.Length == 0 ? ByProxy(points, missing) : ByGold(curve, judged, missing);
    }

    private static Verdict ByGold(Curve curve, CurvePoint[] points, List<string> missing)
    {
        var best = points.MaxBy(point => point.GoldGain!.Value)!;
        // What its own run left behind before the best checkpoint is no fall, however far it had drifted.
        var last = points.Where(point => point.Run == best.Run && point.Step >= best.Step).MaxBy(point => point.Kl.Best.Value)!;
        // Another run shows the same where it went further and has the more of what was trained for.
        var further = points.Where(point => point.Run != best.Run && point.Kl.Best.Value > best.Kl.Best.Value && point.ProxyGain.Value >= best.ProxyGain.Value).MaxBy(point => point.Kl.Best.Value);
        if (further is not null && !IsBelow(last, best)) last = further;
        var gained = best.GoldGain!.Low > 0;
        var fell = IsBelow(last, best);
        var recommended = gained ? LeastDrift(points, best, point => point.GoldGain!) : null;

        var (kind, headline) = (gained, fell) switch
        {
            (false, true) => (VerdictKind.NoGain, $"No real gain: gold fell to {Gain(last.GoldGain!)} while the proxy moved by {Gain(last.ProxyGain)}. Keep the reference."),
            (false, false) => (VerdictKind.NoGain, $"No real gain: the best checkpoint's gold score is {Gain(best.GoldGain)}, which may be nothing. Keep the reference."),
            (true, true) when last.Run == best.Run => (VerdictKind.OverOptimised, $"Over-optimised: gold peaked at KL {Nats(best.Kl.Best.Value)} and fell afterwards. Use {Name(recommended!)}."),
            (true, true) => (VerdictKind.OverOptimised, $"Over-optimised: gold is highest at KL {Nats(best.Kl.Best.Value)}, and lower where {last.Run} went further. Use {Name(recommended!)}."),
            (true, false) => (VerdictKind.Gained, $"A real gain: gold rose by {Gain(recommended!.GoldGain!)} at KL {Nats(recommended.Kl.Best.Value)}. Use {Name(recommended)}."),
        };
        return new Verdict
        {
            Kind = kind,
            Headline = headline,
            Recommended = recommended,
            Reasons = [.. Reasons(curve, points, best, last, recommended, fell)],
            Missing = missing,
        };
    }

    private static IEnumerable<string> Reasons(Curve curve, CurvePoint[] points, CurvePoint best, CurvePoint last, CurvePoint? recommended, bool fell)
    {
        if (recommended?.GoldWinRate is { } wins)
            yield return $"{Name(recommended)} beats the reference by gold on {Percent(wins)} of prompts (ties count half), at {Nats(recommended.Kl.Best.Value)} nats of KL per sequence.";
        if (recommended is not null && recommended != best)
            yield return $"{Name(best)} scores highest by gold ({Gain(best.GoldGain!)}), but {Name(recommended)} lies within one standard error of it {Drift(recommended, best)}.";
        if (fell)
            yield return $"At {Name(last)} (KL {Nats(last.Kl.Best.Value)}) the proxy stands at {Gain(last.ProxyGain)} and gold at {Gain(last.GoldGain!)}: the difference is the reward model being exploited.";
        else if (points.Length > 1)
            yield return "Gold has not fallen below its best by more than its noise.";

        foreach (var fit in curve.Fits.Where(fit => fit.Form == FitForm.Policy)) yield return FitSentence(fit, best);
        if (recommended is not null && BestOfNSentence(curve, recommended) is { } sentence) yield return sentence;
    }

    // Two that round alike are not told apart by their numbers.
    private static string Drift(CurvePoint less, CurvePoint more) =>
        Nats(less.Kl.Best.Value) is var nats && nats == Nats(more.Kl.Best.Value) ? $"at no more KL ({nats} nats)" : $"at {nats} instead of {Nats(more.Kl.Best.Value)} nats";

    // By more than the noise of either.
    private static bool IsBelow(CurvePoint point, CurvePoint best) => point != best && point.GoldGain!.High < best.GoldGain!.Value && best.GoldGain.Low > point.GoldGain.Value;

    private static string FitSentence(Overoptimisation fit, CurvePoint best)
    {
        if (fit.GoldFit?.At(fit.LargestKl) < 0 && !(fit.PeakKl?.Value > 0))
            return $"The fit to {fit.Points} {fit.Source} checkpoints lies below the reference at the {Nats(fit.LargestKl)} nats measured and has no peak before: what this score asks for is not what gold asks for.";
        if (fit.PeakKl is not { } peak || !double.IsFinite(peak.Value))
            return $"The fit to {fit.Points} {fit.Source} checkpoints has no peak: over-optimisation is not in sight.";
        if (!fit.PeakIsInsideData)
            return $"The fit to {fit.Points} {fit.Source} checkpoints puts gold's peak at KL {Interval(peak, FarBeyond * fit.LargestKl)}, beyond the {Nats(fit.LargestKl)} nats measured: an extrapolation.";
        var agreement = peak.Contains(best.Kl.Best.Value) ? "the best checkpoint lies within that interval" : $"the best checkpoint lies outside it, at {Nats(best.Kl.Best.Value)}";
        var gap = fit.GapAtPeak is { } found && double.IsFinite(found.Value) ? $" There the proxy promises {Interval(found)} standard deviations more than gold delivers." : "";
        return $"The fit to {fit.Points} {fit.Source} checkpoints puts gold's peak at KL {Interval(peak, FarBeyond * fit.LargestKl)}; {agreement}.{gap}";
    }

    private static string? BestOfNSentence(Curve curve, CurvePoint recommended)
    {
        var points = curve.BestOfN.Where(point => double.IsFinite(point.GoldGain?.Value ?? double.NaN)).ToArray();
        if (points.Length < 2) return null;
        var equal = points.FirstOrDefault(point => point.GoldGain!.Value >= recommended.GoldGain!.Value);
        return equal is null
            ? $"Best-of-{points.Length} from the reference does not reach this gold score."
            : $"Best-of-{equal.N} from the reference reaches the same gold score at a KL of {Nats(equal.Kl)} nats, for {equal.N} times the sampling.";
    }

    private static Verdict ByProxy(CurvePoint[] points, List<string> missing)
    {
        var best = points.MaxBy(point => point.ProxyGain.Value)!;
        var gained = best.ProxyGain.Low > 0;
        var recommended = gained ? LeastDrift(points, best, point => point.ProxyGain) : null;
        return new Verdict
        {
            Kind = VerdictKind.ProxyOnly,
            Headline = gained
                ? $"The proxy rose by {Gain(best.ProxyGain)}; without a gold score nobody can say how much of that is real."
                : $"The proxy did not rise ({Gain(best.ProxyGain)}). Keep the reference.",
            Recommended = recommended,
            Reasons = recommended is null ? [] : [$"{Name(recommended)} reaches the best proxy score within one standard error at the least KL ({Nats(recommended.Kl.Best.Value)} nats): start from it, and read its samples before trusting it."],
            Missing = missing,
        };
    }

    private static CurvePoint LeastDrift(CurvePoint[] points, CurvePoint best, Func<CurvePoint, Estimate> gain)
    {
        var error = gain(best).StandardError;
        var bound = gain(best).Value - (double.IsFinite(error) ? error : 0);
        return points.Where(point => gain(point).Value >= bound).MinBy(point => point.Kl.Best.Value)!;
    }

    private static IEnumerable<string> Missing(Curve curve, CurvePoint[] points)
    {
        var left = curve.Points.Count - points.Length;
        if (left > 0) yield return $"{left} of {curve.Points.Count} checkpoints have a KL or score that is not a number and were left out.";
        if (curve.GoldScale is null) yield return "There is no gold score, so over-optimisation cannot be seen. Give `gold:` in the recipe a scorer that the policy was not trained on.";
        if (points.Length == 1) yield return "Only one checkpoint was evaluated: where the gain stopped being real cannot be told. Keep more checkpoints (`keep_every`).";
        if (curve.BestOfN.Count < 2) yield return "Best-of-n was not measured: there is no baseline without training.";
        if (curve.Points.FirstOrDefault(point => !point.Kl.Agree) is { } wrong)
            yield return $"The KL estimates of {Name(wrong)} disagree by more than their error: its log-probs cannot be trusted.";
    }
}
