using System.Globalization;

namespace Rlhf.Evaluation.Study;

/// <summary>How a number becomes a verdict.</summary>
/// <param name="None">The number where there is no effect.</param>
/// <param name="Least">The smallest number that would matter; with <see cref="IsEqual"/> the largest difference that would not.</param>
/// <param name="IsEqual">Whether the claim is that there is none.</param>
internal sealed record ClaimRule(double None, double Least, bool IsEqual = false)
{
    /// <summary>The verdict and why. To hold, the interval has to lie beyond no effect and every seed on that side too; not to hold, it has to end before what would matter.</summary>
    public (Holding Verdict, string Why) Judge(Estimate effect, IReadOnlyList<double> bySeed)
    {
        if (!double.IsFinite(effect.Value) || !double.IsFinite(effect.Low) || !double.IsFinite(effect.High)) return (Holding.CannotTell, "the number or its interval could not be computed");
        if (IsEqual) return JudgeEqual(effect);
        if (effect.Low > None)
            return bySeed.All(seed => seed > None) ? (Holding.Holds, $"the interval lies above {Text(None)}, and so does every seed")
                : (Holding.CannotTell, $"the interval lies above {Text(None)}, but not every seed does: the next could say otherwise");
        return effect.High < Least ? (Holding.DoesNot, $"the interval ends below {Text(Least)}, the least that would matter")
            : (Holding.CannotTell, $"the interval holds {Text(None)} and reaches {Text(Least)}, which would matter: more prompts are needed");
    }

    private (Holding Verdict, string Why) JudgeEqual(Estimate effect)
    {
        var (low, high) = (None - Least, None + Least);
        if (effect.Low > low && effect.High < high) return (Holding.Holds, $"the interval lies within ±{Text(Least)}, which would not matter");
        return effect.Low > None || effect.High < None ? (Holding.DoesNot, $"the interval leaves out {Text(None)} and does not lie within ±{Text(Least)}")
            : (Holding.CannotTell, $"the interval holds {Text(None)} and reaches beyond ±{Text(Least)}: more prompts are needed");
    }

    private static string Text(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
