using System.Globalization;

namespace Rlhf.Evaluation;

/// <summary>Numbers in sentences.</summary>
internal static class Wording
{
    public static string Nats(double kl) => Text(kl, Math.Abs(kl) < 10 ? "0.0" : "0");

    /// <param name="most">a bound beyond it says nothing, and is "?"</param>
    public static string Interval(Estimate estimate, double most = double.MaxValue) =>
        $"{Nats(estimate.Value)} [{(Math.Abs(estimate.Low) <= most ? Nats(estimate.Low) : "?")}, {(Math.Abs(estimate.High) <= most ? Nats(estimate.High) : "?")}]";

    /// <summary>A gain in standard deviations of the reference's scores.</summary>
    public static string Gain(Estimate gain) => $"{Text(gain.Value, "+0.00;−0.00;0.00")} σ [{Text(gain.Low, "0.00")}, {Text(gain.High, "0.00")}]";

    public static string Percent(Estimate share) => $"{Text(100 * share.Value, "0")}% [{Text(100 * share.Low, "0")}, {Text(100 * share.High, "0")}]";

    public static string Name(CurvePoint point) => $"{point.Run} step {point.Step.ToString(CultureInfo.InvariantCulture)}";

    private static string Text(double value, string format) =>
        double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture).Replace('-', '−') : "?";
}
