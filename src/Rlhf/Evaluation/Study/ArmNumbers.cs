namespace Rlhf.Evaluation.Study;

/// <summary>What an arm comes to on some of the prompts: the law fitted to the gold score of all its points, and its points.</summary>
internal sealed class ArmNumbers
{
    /// <summary>A policy that has not come so far has not begun to move: it says nothing of where gold peaks.</summary>
    private const double LeastKl = 0.01;

    private readonly (double Drift, double Gain)[][] _runs;

    private ArmNumbers(OveroptimisationFit? fit, (double Drift, double Gain)[][] runs)
    {
        (Fit, _runs) = (fit, runs);
        var drifts = runs.SelectMany(run => run.Select(point => point.Drift)).DefaultIfEmpty(double.NaN).ToArray();
        (SmallestKl, LargestKl) = (Math.Pow(drifts.Min(), 2), Math.Pow(drifts.Max(), 2));
    }

    /// <summary>Null where the points do not determine it.</summary>
    public OveroptimisationFit? Fit { get; }

    public double SmallestKl { get; }

    public double LargestKl { get; }

    /// <summary>Whether gold peaks before the end of what was measured.</summary>
    public bool PeaksInside => PeakKl < LargestKl;

    /// <summary>The KL at which the law is highest within what was measured: one that only falls peaks at the first point, one that only rises at the last.</summary>
    public double PeakKl => Fit switch
    {
        null => double.NaN,
        { Beta: > 0 } => Math.Clamp(Fit.PeakKl, SmallestKl, LargestKl),
        // Without wear the law has a lowest place, if any: an end is highest.
        _ => Fit.At(SmallestKl) > Fit.At(LargestKl) ? SmallestKl : LargestKl,
    };

    /// <summary>The fitted gain at a KL.</summary>
    public double At(double kl) => Fit?.At(kl) ?? double.NaN;

    public double PeakGain => At(PeakKl);

    /// <summary>What gold loses from its peak to the end of what was measured.</summary>
    public double Fall => PeakGain - At(LargestKl);

    /// <param name="prompts">places of the prompts, which may come more than once</param>
    public static ArmNumbers Of(StudyArm arm, int[] prompts)
    {
        var runs = arm.Runs.Select(run => run.Points.Select(point => (Drift: OveroptimisationFit.Drift(Mean(point.Kl, prompts)), Gain: Mean(point.GoldGain!, prompts))).Where(point => point.Drift * point.Drift >= LeastKl).OrderBy(point => point.Drift).ToArray()).ToArray();
        var all = runs.SelectMany(run => run).ToArray();
        return new ArmNumbers(OveroptimisationFit.Fit(arm.Method, [.. all.Select(point => point.Drift * point.Drift)], [.. all.Select(point => point.Gain)]), runs);
    }

    /// <summary>The least KL at which the fitted gain reaches a level on its way up; NaN where it never does.</summary>
    public double KlFor(double gain)
    {
        if (Fit is null || !(PeakGain >= gain)) return double.NaN;
        double low = 0, high = Math.Sqrt(PeakKl);
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (Fit.At(middle * middle) < gain) low = middle;
            else high = middle;
        }

        return high * high;
    }

    /// <summary>The furthest KL that every run has come to.</summary>
    public double SharedKl => _runs.Min(run => run.Length == 0 ? 0 : Math.Pow(run[^1].Drift, 2));

    /// <summary>Measured gain at a KL, linear in √KL between points from (0, 0) on, the mean of the runs.</summary>
    public double MeasuredAt(double kl)
    {
        var drift = Math.Sqrt(kl);
        return _runs.Average(run =>
        {
            var before = (Drift: 0.0, Gain: 0.0);
            foreach (var point in run)
            {
                if (point.Drift >= drift) return point.Drift == before.Drift ? point.Gain : before.Gain + (point.Gain - before.Gain) * (drift - before.Drift) / (point.Drift - before.Drift);
                before = point;
            }

            return before.Gain;
        });
    }

    private static double Mean(IReadOnlyList<double> values, int[] drawn)
    {
        var sum = 0.0;
        foreach (var i in drawn) sum += values[i];
        return sum / drawn.Length;
    }
}
