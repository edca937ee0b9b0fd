namespace Rlhf.Maths;

/// <summary>What is done to scores before they become rewards.</summary>
public enum ScoreScaling
{
    /// <summary>Taken as they are.</summary>
    None,

    /// <summary>Divided by the running deviation.</summary>
    RunningStd,

    /// <summary>Less the running mean, divided by the running deviation.</summary>
    RunningMeanStd,
}

/// <summary>Scaling by running moments (as DeepSpeed-Chat and TRL do), then a clip to ±limit.</summary>
public static class ScoreNormalization
{
    private const double Epsilon = 1e-8;

    public static double[] Scale(IReadOnlyList<double> scores, ScoreScaling scaling, RunningMoments moments)
    {
        if (scaling == ScoreScaling.None) return [.. scores];
        var mean = scaling == ScoreScaling.RunningMeanStd ? moments.Mean : 0;
        return [.. scores.Select(x => (x - mean) / (moments.Deviation + Epsilon))];
    }

    /// <summary>Clipped to [−limit, limit]; a limit of 0 leaves the scores alone.</summary>
    public static double[] Clip(IReadOnlyList<double> scores, double limit) =>
        limit == 0 ? [.. scores] : [.. scores.Select(x => Math.Clamp(x, -limit, limit))];
}
