namespace Rlhf.Maths;

/// <summary>Sets the weight of the entropy bonus.</summary>
internal abstract class EntropyController
{
    /// <summary>The weight in a step.</summary>
    public abstract double At(long step);

    /// <summary>Told after each update what the entropy per token was.</summary>
    public virtual void Observe(double entropy)
    {
    }

    /// <summary>What it has learnt, for a checkpoint.</summary>
    public virtual double State { get; set; }
}

/// <summary>The weight goes linearly from start to end over the run.</summary>
internal sealed class ScheduledEntropy(double start, double end, long steps) : EntropyController
{
    public override double At(long step) => Entropy.Coefficient(start, end, step, steps);
}

/// <summary>
/// Holds the entropy at a target, as soft actor-critic does by its temperature (Haarnoja et al. 2018, arXiv:1812.05905,
/// section 5) and Skywork-OR1 for language models (He et al. 2025, arXiv:2505.22312): the weight moves by
/// <c>gain·clip(1 − H/target, −1, 1)</c> a step, and never below 0. Entropy above the target is nobody's business: then
/// the weight falls until the bonus is gone.
/// </summary>
internal sealed class TargetEntropy(double start, double target, double gain) : EntropyController
{
    public override double State { get; set; } = start;

    public override double At(long step) => State;

    public override void Observe(double entropy) =>
        State = Math.Max(0, State + gain * Math.Clamp(1 - entropy / target, -1, 1));
}
