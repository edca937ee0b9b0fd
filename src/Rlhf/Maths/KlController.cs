namespace Rlhf.Maths;

/// <summary>Sets β, the price of a nat of divergence from the reference.</summary>
internal abstract class KlController(double coefficient)
{
    /// <summary>β as it stands; settable so that a resumed run continues with the β it had.</summary>
    public double Coefficient { get; set; } = coefficient;

    /// <summary>Told after each update what the mean KL per sequence was, over how many episodes.</summary>
    public abstract void Observe(double sequenceKl, int episodes);
}

/// <summary>β never moves.</summary>
internal sealed class FixedKlController(double coefficient) : KlController(coefficient)
{
    public override void Observe(double sequenceKl, int episodes)
    {
    }
}

/// <summary>
/// Proportional control in log space (Ziegler et al. 2019, section 2.2):
/// <c>β ← β·(1 + clip(KL/target − 1, −0.2, 0.2)·min(1, n/horizon))</c>, with KL summed over a sequence. More episodes than the
/// horizon count as many as it: one step never moves β by more than a fifth, where the formula of the paper would
/// turn it negative beyond five times the horizon.
/// </summary>
internal sealed class AdaptiveKlController(double coefficient, double target, double horizon) : KlController(coefficient)
{
    private const double MaxError = 0.2;

    public override void Observe(double sequenceKl, int episodes)
    {
        var error = Math.Clamp(sequenceKl / target - 1, -MaxError, MaxError);
        Coefficient *= 1 + error * Math.Min(1, episodes / horizon);
    }
}
