using MathNet.Numerics.Statistics;

namespace Rlhf.Evaluation;

/// <summary>How many prompts it takes to tell two policies apart: four times in five, by a paired test at 5%.</summary>
internal static class Power
{
    /// <summary>z(0.975) + z(0.8).</summary>
    private const double Reach = 1.9599639845 + 0.8416212336;

    /// <summary><c>n = ((z₀.₉₇₅ + z₀.₈)·s/δ)²</c> for a spread s over prompts of the paired difference and a difference δ.</summary>
    public static double Prompts(double spread, double difference) => Math.Ceiling(Math.Pow(Reach * spread / difference, 2));

    /// <summary>The difference that so many prompts tell.</summary>
    public static double Detectable(double spread, int prompts) => Reach * spread / Math.Sqrt(prompts);

    /// <summary>What a curve's prompts can tell, in words; null where it has no numbers per prompt.</summary>
    public static string? Sentence(Curve curve)
    {
        var gold = curve.GoldScale is not null;
        var gains = curve.Points.OrderBy(point => point.Kl.Best.Value).Select(point => gold ? point.ByPrompt?.GoldGain : point.ByPrompt?.ProxyGain).OfType<IReadOnlyList<double>>().Where(one => one.Count > 1).ToArray();
        if (gains.Length == 0) return null;
        // Neighbours on the curve are what one would tell apart; a checkpoint alone is told from the reference.
        var spreads = gains.Length == 1 ? [gains[0].StandardDeviation()] : gains.Zip(gains.Skip(1)).Where(pair => pair.First.Count == pair.Second.Count).Select(pair => pair.First.Zip(pair.Second, (a, b) => b - a).StandardDeviation()).Order().ToArray();
        return spreads.Length == 0 ? null : Sentence(spreads[spreads.Length / 2], gains[0].Count, gold ? "gold" : "proxy");
    }

    internal static string? Sentence(double spread, int prompts, string score) => spread > 0
        ? FormattableString.Invariant($"To tell two checkpoints 0.1 σ of {score} apart (four times in five, at 5%) takes about {Prompts(spread, 0.1):#,0} prompts with as many samples each; these {prompts:#,0} tell {Detectable(spread, prompts):0.00} σ apart.")
        : null;
}
