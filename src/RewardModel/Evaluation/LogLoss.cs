namespace Rlhf.Rewards.Evaluation;

/// <summary>Mean surprise at the labels, <c>−ln σ(logit)</c>, in nats; ln 2 is what knowing nothing costs.</summary>
public static class LogLoss
{
    public static double Of(IEnumerable<double> logits) => logits.Average(Softplus);

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary><c>−ln σ(x) = ln(1 + e^−x)</c> without overflow.</summary>
    private static double Softplus(double x) => x > 0 ? LogOnePlus(Math.Exp(-x)) : -x + LogOnePlus(Math.Exp(x));

    /// <summary><c>ln(1 + x)</c> for x in [0, 1], exact also where 1 + x rounds.</summary>
    private static double LogOnePlus(double x)
    {
        var sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * x / (sum - 1);
    }
}
