using Rlhf.Evaluation;
using Rlhf.Evaluation.Study;
using Rlhf.Reports.Charts;

namespace Rlhf.Cli.Study;

/// <summary>The charts of a study. Colour says what is optimised; a solid line with its band and filled points is gold, a dashed one with hollow points the proxy.</summary>
internal static class StudyCharts
{
    private static readonly BootstrapOptions s_bands = new() { Resamples = 400 };

    /// <summary>Gold and proxy of several arms against √KL, with the fitted laws.</summary>
    public static Chart Arms(string id, string title, string description, IReadOnlyList<(string Name, ArmResult Result)> arms) => new()
    {
        Id = id,
        Title = title,
        Description = description,
        X = new Axis { Label = "KL from the reference, nats (√ scale)", Scale = ScaleKind.SquareRoot, Include = [0] },
        Y = new Axis { Label = "Gain over the reference, σ of its scores", Include = [0] },
        Marks = [.. arms.SelectMany((arm, i) => Proxy(arm.Name, arm.Result.Arm, i)), .. arms.SelectMany((arm, i) => Gold(arm.Name, arm.Result.Arm, i))],
    };

    /// <summary>A number of the fits against the pairs that reward models were trained on.</summary>
    public static Chart AgainstSize(string id, string title, string description, string unit, IReadOnlyList<(string Name, ArmResult[] BySize)> groups, Func<Turn, Estimate> of) => new()
    {
        Id = id,
        Title = title,
        Description = description,
        X = new Axis { Label = "pairs that each reward model was trained on", Scale = ScaleKind.Log },
        Y = new Axis { Label = unit, Include = [0] },
        Marks = [.. groups.SelectMany((group, i) => Sizes(group.Name, group.BySize, i, of))],
    };

    private static IEnumerable<Mark> Sizes(string name, ArmResult[] bySize, int colour, Func<Turn, Estimate> of)
    {
        double[] x = [.. bySize.Select(arm => (double)arm.Arm.Target.Pairs)];
        Estimate[] y = [.. bySize.Select(arm => of(arm.Turn))];
        yield return new LineMark { Name = name, Ink = Ink.Number(colour), X = x, Y = [.. y.Select(one => one.Value)] };
        yield return new PointMark { Name = name, Ink = Ink.Number(colour), Marker = (Marker)(colour % 4), X = x, Y = [.. y.Select(one => one.Value)], Low = [.. y.Select(one => one.Low)], High = [.. y.Select(one => one.High)] };
    }

    private static IEnumerable<Mark> Gold(string name, StudyArm arm, int colour)
    {
        if (LawBand.Of(arm, s_bands) is { } band)
            yield return new LineMark { Name = $"{name} gold, fit", Legend = $"{name}: gold", Ink = Ink.Number(colour), X = band.Kl, Y = band.Gain, Low = band.Low, High = band.High };
        yield return Points($"{name}: gold", arm, colour, Fill.Solid, point => point.GoldGain!);
    }

    private static IEnumerable<Mark> Proxy(string name, StudyArm arm, int colour)
    {
        var proxy = Turn.ByProxy(arm);
        if (LawBand.Of(proxy, new BootstrapOptions { Resamples = 2 }) is { } law)
            yield return new LineMark { Name = $"{name} proxy, fit", Legend = $"{name}: proxy", Ink = Ink.Number(colour) with { Stroke = Stroke.Dashed, Weight = Weight.Thin }, X = law.Kl, Y = law.Gain };
        yield return Points($"{name}: proxy", arm, colour, Fill.Hollow, point => point.ProxyGain);
    }

    // Best-of-n has the same KL in every run: what is shown is their mean.
    private static PointMark Points(string name, StudyArm arm, int colour, Fill fill, Func<FitPoint, IReadOnlyList<double>> of)
    {
        var points = arm.Method == FitForm.BestOfN
            ? arm.Runs[0].Points.Select((point, i) => (Kl: point.Kl[0], Gain: arm.Runs.Average(run => of(run.Points[i]).Average()), Label: name))
            : arm.Runs.SelectMany(run => run.Points.Select(point => (Kl: point.Kl.Average(), Gain: of(point).Average(), Label: $"{name}, {run.Name}")));
        var all = points.OrderBy(point => point.Kl).ToArray();
        return new PointMark { Name = name, Ink = Ink.Number(colour), Marker = (Marker)(colour % 4), Fill = fill, X = [.. all.Select(point => point.Kl)], Y = [.. all.Select(point => point.Gain)], Labels = [.. all.Select(point => point.Label)] };
    }
}
