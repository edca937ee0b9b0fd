using Rlhf.Evaluation;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>
/// The charts of a KL-versus-reward curve. Colour says how the policy was made, a solid line with filled points is gold,
/// a dashed one with hollow points the proxy.
/// </summary>
public static class CurveCharts
{
    private static readonly Axis s_kl = new() { Label = "KL from the reference, nats per sequence (√ scale)", Scale = ScaleKind.SquareRoot, Include = [0] };
    private static readonly Axis s_gain = new() { Label = "Gain over the reference, σ of its scores", Include = [0] };

    /// <summary>Gold and proxy against √KL with the fitted laws.</summary>
    public static Chart Overoptimisation(Curve curve)
    {
        var marks = new List<Mark> { new RuleMark { Direction = Direction.Horizontal, Value = 0, Ink = Ink.Muted, Name = "reference", Legend = "" } };
        var sources = curve.Points.Select(point => point.Algorithm).Distinct().Order(StringComparer.Ordinal).ToArray();
        for (var i = 0; i < sources.Length; i++)
        {
            var points = curve.Points.Where(point => point.Algorithm == sources[i]).OrderBy(point => point.Kl.Best.Value).ToArray();
            marks.AddRange(Fits(curve, sources[i], i));
            marks.Add(Points(points, Label(sources[i]) + " proxy", i, Fill.Hollow, point => point.ProxyGain));
            if (points.Any(point => point.GoldGain is not null))
                marks.Add(Points(points, Label(sources[i]) + " gold", i, Fill.Solid, point => point.GoldGain));
        }

        if (curve.BestOfN.Count > 1) marks.AddRange(BestOfN(curve, sources.Length));
        if (curve.Fits.FirstOrDefault(fit => fit.Form == FitForm.Policy && fit.PeakIsInsideData) is { } peaked)
            marks.Insert(1, new RuleMark { Direction = Direction.Vertical, Value = peaked.PeakKl!.Value, Low = peaked.PeakKl.Low, High = peaked.PeakKl.High, Label = $"gold peaks at {NumberFormat.Value(peaked.PeakKl.Value)} nats", Name = "gold peak", Legend = "", Ink = Ink.Muted });
        return new Chart
        {
            Id = "overoptimisation",
            Title = curve.GoldScale is null ? "Proxy reward against drift" : "Gold and proxy reward against drift",
            Description = curve.GoldScale is null
                ? "How much the proxy score rose for how much KL. There is no gold score, so what of it is real cannot be seen."
                : "How much reward was bought for how much KL: filled points and solid lines are the gold score, hollow points and dashed lines the proxy. Where they part, the reward model is being exploited.",
            X = s_kl,
            Y = s_gain,
            Marks = marks,
        };
    }

    /// <summary>How often a checkpoint's answer beats the reference's.</summary>
    public static Chart WinRates(Curve curve)
    {
        var points = curve.Points.OrderBy(point => point.Kl.Best.Value).ToArray();
        return new Chart
        {
            Id = "win-rate",
            Title = "Win rate against the reference",
            Description = "Share of prompts on which the checkpoint's response scores higher than the reference's, ties counting half, with 95% intervals.",
            X = s_kl,
            Y = new Axis { Label = "Win rate", Min = 0, Max = 1 },
            Marks =
            [
                new RuleMark { Direction = Direction.Horizontal, Value = 0.5, Label = "no better than the reference", Name = "even", Legend = "", Ink = Ink.Muted },
                Points(points, "by proxy", 0, Fill.Hollow, point => point.ProxyWinRate),
                .. points.Any(point => point.GoldWinRate is not null) ? [Points(points, "by gold", 0, Fill.Solid, point => point.GoldWinRate)] : Array.Empty<Mark>(),
            ],
        };
    }

    /// <summary>How far the estimates of KL lie from the exact one: within their error unless log-probs are wrong.</summary>
    public static Chart KlEstimates(Curve curve)
    {
        var points = curve.Points.OrderBy(point => point.Kl.Best.Value).ToArray();
        return new Chart
        {
            Id = "kl-estimates",
            Title = "Do the KL estimates agree?",
            Description = "k1 and k3 minus the exact sum over the vocabulary, in standard errors of the difference. Most lie within ±2; beyond ±4 the log-probs are wrong.",
            X = s_kl,
            Y = new Axis { Label = "standard errors from exact", Include = [-5, 5] },
            Marks =
            [
                new RuleMark { Direction = Direction.Horizontal, Value = 0, Low = -2, High = 2, Name = "exact", Legend = "", Ink = Ink.Muted },
                new RuleMark { Direction = Direction.Horizontal, Value = 4, Label = "log-probs are wrong beyond this", Name = "limit", Legend = "", Ink = Ink.Muted },
                new RuleMark { Direction = Direction.Horizontal, Value = -4, Name = "limit", Legend = "", Ink = Ink.Muted },
                Deviations(points, "k1", 0, point => point.Kl.K1Deviation),
                Deviations(points, "k3", 1, point => point.Kl.K3Deviation),
            ],
        };
    }

    /// <summary>What a source of policies is called in legends.</summary>
    public static string Label(string algorithm) => algorithm switch
    {
        "ppo" or "grpo" or "rloo" or "dpo" or "sft" => algorithm.ToUpperInvariant(),
        "reinforce++" => "REINFORCE++",
        "best_of_n" => "best-of-n",
        _ => algorithm,
    };

    private static PointMark Points(CurvePoint[] points, string name, int colour, Fill fill, Func<CurvePoint, Estimate?> of) => new()
    {
        Name = name,
        Ink = Ink.Number(colour),
        Marker = (Marker)(colour % 4),
        Fill = fill,
        X = [.. points.Select(point => point.Kl.Best.Value)],
        Y = [.. points.Select(point => of(point)?.Value ?? double.NaN)],
        Low = [.. points.Select(point => of(point)?.Low ?? double.NaN)],
        High = [.. points.Select(point => of(point)?.High ?? double.NaN)],
        Labels = [.. points.Select(point => $"{point.Run} step {point.Step}, {name}")],
    };

    private static PointMark Deviations(CurvePoint[] points, string name, int colour, Func<CurvePoint, double> of) => new()
    {
        Name = name,
        Ink = Ink.Number(colour),
        Marker = (Marker)(2 * colour),
        X = [.. points.Select(point => point.Kl.Best.Value)],
        Y = [.. points.Select(of)],
        Labels = [.. points.Select(point => $"{point.Run} step {point.Step}, {name}")],
    };

    private static IEnumerable<Mark> Fits(Curve curve, string source, int colour)
    {
        if (curve.Fits.FirstOrDefault(fit => fit.Source == source) is not { } fit) yield break;
        yield return Law(fit.ProxyFit, fit.LargestKl, source, "proxy", colour);
        if (fit.GoldFit is { } gold) yield return Law(gold, fit.LargestKl, source, "gold", colour);
    }

    // A law belongs to the legend entry of the points that it was fitted to.
    private static LineMark Law(OveroptimisationFit fit, double largestKl, string source, string score, int colour)
    {
        double[] drifts = [.. Enumerable.Range(0, 81).Select(i => i / 80.0 * Math.Sqrt(largestKl))];
        return new LineMark
        {
            Name = $"{Label(source)} {score}, fit",
            Legend = $"{Label(source)} {score}",
            Ink = Ink.Number(colour) with { Stroke = score == "gold" ? Stroke.Solid : Stroke.Dashed },
            X = [.. drifts.Select(drift => drift * drift)],
            Y = [.. drifts.Select(drift => fit.At(drift * drift))],
        };
    }

    private static IEnumerable<Mark> BestOfN(Curve curve, int colour)
    {
        yield return BestOfN(curve, "proxy", colour, Stroke.Dashed, point => point.ProxyGain);
        if (curve.BestOfN.Any(point => point.GoldGain is not null))
            yield return BestOfN(curve, "gold", colour, Stroke.Solid, point => point.GoldGain);
    }

    private static LineMark BestOfN(Curve curve, string score, int colour, Stroke stroke, Func<BestOfNPoint, Estimate?> of) => new()
    {
        Name = $"best-of-n {score}",
        Ink = Ink.Number(colour) with { Stroke = stroke },
        X = [.. curve.BestOfN.Select(point => point.Kl)],
        Y = [.. curve.BestOfN.Select(point => of(point)?.Value ?? double.NaN)],
        Low = [.. curve.BestOfN.Select(point => of(point)?.Low ?? double.NaN)],
        High = [.. curve.BestOfN.Select(point => of(point)?.High ?? double.NaN)],
    };
}
