using MathNet.Numerics;

namespace Rlhf.Rewards.Evaluation;

/// <summary>Pairs of which the model was about equally sure: how sure, and how often it was right.</summary>
/// <param name="From">The least confidence of the bin, within ½ and 1.</param>
public sealed record CalibrationBin(double From, double To, int Count, double MeanConfidence, double Accuracy);

/// <summary>
/// Whether the model is as often right as it says. Its confidence in its own choice is σ(|logit|), between ½ and 1.
/// </summary>
/// <param name="ExpectedError">ECE: <c>Σ n_b/N · |accuracy_b − confidence_b|</c> (Guo et al. 2017).</param>
public sealed record Calibration(IReadOnlyList<CalibrationBin> Bins, double ExpectedError)
{
    public const int BinCount = 10;

    internal static Calibration Of(IReadOnlyList<JudgedPair> pairs)
    {
        const double width = 0.5 / BinCount;
        var bins = pairs.Select(pair => (Confidence: SpecialFunctions.Logistic(Math.Abs(pair.Logit)), Right: JudgedPair.Correctness(pair.Logit)))
            .GroupBy(pair => Math.Min(BinCount - 1, (int)((pair.Confidence - 0.5) / width)))
            .OrderBy(bin => bin.Key)
            .Select(bin => new CalibrationBin(0.5 + bin.Key * width, 0.5 + (bin.Key + 1) * width, bin.Count(), bin.Average(pair => pair.Confidence), bin.Average(pair => pair.Right)))
            .ToArray();
        return new Calibration(bins, bins.Sum(bin => (double)bin.Count / pairs.Count * Math.Abs(bin.Accuracy - bin.MeanConfidence)));
    }
}
