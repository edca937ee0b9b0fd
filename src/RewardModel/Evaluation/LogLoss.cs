using MathNet.Numerics;

namespace Rlhf.Rewards.Evaluation;

/// <summary>Mean surprise at the labels, <c>−ln σ(logit)</c>, in nats; ln 2 is what knowing nothing costs.</summary>
internal static class LogLoss
{
    public static double Of(IEnumerable<double> logits) => logits.Average(Softplus);

    /// <summary><c>−ln σ(x) = ln(1 + e^−x)</c> without overflow.</summary>
    private static double Softplus(double x) => x > 0 ? SpecialFunctions.Log1p(Math.Exp(-x)) : -x + SpecialFunctions.Log1p(Math.Exp(x));
}
