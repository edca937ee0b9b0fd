using Rlhf.Foundation.Recipes;

namespace Rlhf.Policies.Training;

/// <summary>AdamW with its schedule; the defaults are those of fine-tuning.</summary>
public sealed record OptimizerOptions : IChecked
{
    [Describe("peak learning rate"), Above(0)]
    public double LearningRate { get; init; } = 1e-4;

    [Describe("learning rate after the warm-up: constant, linear or cosine")]
    public Schedule Schedule { get; init; } = Schedule.Cosine;

    [Describe("steps in which the learning rate rises from 0"), AtLeast(0)]
    public int WarmupSteps { get; init; }

    [Describe("share of the peak learning rate that the schedule ends at"), AtLeast(0), AtMost(1)]
    public double FinalShare { get; init; }

    [Describe("decay of the mean of gradients"), AtLeast(0), Below(1)]
    public double Beta1 { get; init; } = 0.9;

    [Describe("decay of the mean of squared gradients"), AtLeast(0), Below(1)]
    public double Beta2 { get; init; } = 0.999;

    [Describe("added to the root of the second moment"), Above(0)]
    public double Epsilon { get; init; } = 1e-8;

    [Describe("decoupled weight decay of matrices; biases and norms have none"), AtLeast(0)]
    public double WeightDecay { get; init; }

    [Describe("gradients are scaled down to this norm over all parameters; 0: never"), AtLeast(0)]
    public double MaxGradientNorm { get; init; } = 1;

    [Describe("moments, summed gradients and float32 weights are spread over the processes of a job instead of kept in each"), MayChangeOnResume]
    public bool Shard { get; init; }

    /// <summary>The learning rate of the step after <paramref name="done"/> of <paramref name="steps"/>.</summary>
    public double LearningRateAt(long done, long steps) => LearningRate * Schedules.Share(Schedule, done, steps, WarmupSteps, FinalShare);

    public IEnumerable<Problem> Problems()
    {
        if (Schedule == Schedule.Constant && FinalShare > 0)
            yield return new Problem(nameof(FinalShare), "a constant schedule has no end to go to; leave it away, or choose linear or cosine");
    }
}
