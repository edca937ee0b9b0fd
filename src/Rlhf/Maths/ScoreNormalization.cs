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

/// <summary>
/// Scaling by the moments of all scores seen so far, then a clip to ±limit. TRL scales by running moments too, but by the sample
/// deviation (n − 1); here it is the population's, as in whitening, so that one word means one thing: they
/// differ by less than 1% from 51 scores on. As long as all scores were the same nothing is divided: there is no scale yet.
/// </summary>
internal static class ScoreNormalization
{
    public static double[] Scale(IReadOnlyList<double> scores, ScoreScaling scaling, RunningMoments moments)
    {
        if (scaling == ScoreScaling.None) return [.. scores];
        var mean = scaling == ScoreScaling.RunningMeanStd ? moments.Mean : 0;
        var scale = moments.Deviation > 0 ? moments.Deviation : 1;
        return [.. scores.Select(x => (x - mean) / scale)];
    }

    /// <summary>Clipped to [−limit, limit]; a limit of 0 leaves the scores alone.</summary>
    public static double[] Clip(IReadOnlyList<double> scores, double limit) =>
        limit == 0 ? [.. scores] : [.. scores.Select(x => Math.Clamp(x, -limit, limit))];
}
