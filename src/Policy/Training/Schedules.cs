namespace Rlhf.Policies.Training;

/// <summary>How the learning rate goes after the warm-up.</summary>
public enum Schedule
{
    Constant,
    Linear,
    Cosine,
}

/// <summary>Learning rates as shares of the peak.</summary>
internal static class Schedules
{
    /// <summary>
    /// The share for the step after <paramref name="done"/> of <paramref name="steps"/>: (done+1)/warmup while warming
    /// up, then with x = (done−warmup)/(steps−warmup): 1, 1−x, or ½(1+cos πx) (Loshchilov and Hutter 2017), scaled to
    /// end at <paramref name="floor"/>.
    /// </summary>
    public static double Share(Schedule schedule, long done, long steps, long warmup, double floor)
    {
        if (done < warmup) return (done + 1.0) / warmup;
        var x = steps <= warmup ? 1 : Math.Min(1, (done - warmup) / (double)(steps - warmup));
        var share = schedule switch
        {
            Schedule.Constant => 1,
            Schedule.Linear => 1 - x,
            Schedule.Cosine => 0.5 * (1 + Math.Cos(Math.PI * x)),
            _ => throw new ArgumentOutOfRangeException(nameof(schedule)),
        };
        return schedule == Schedule.Constant ? 1 : floor + (1 - floor) * share;
    }
}
