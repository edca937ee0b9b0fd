using Rlhf.Reports.Charts;
using Rlhf.Rewards.Evaluation;

namespace Rlhf.Reports;

/// <summary>The charts of a reward model's evaluation.</summary>
public static class TrustCharts
{
    public static IEnumerable<Chart> Of(RewardReport report)
    {
        if (report.Calibration.Bins.Count > 0) yield return Calibration(report.Calibration.Bins);
        if (report.Margins.Count > 0) yield return Margins(report.Margins);
        if (report.Length.ByDifference.Count > 0) yield return ByLength(report.Length.ByDifference);
    }

    private static Chart Calibration(IReadOnlyList<CalibrationBin> bins) => new()
    {
        Id = "calibration",
        Title = "Calibration",
        Description = "Of the pairs that the model is so sure of, the share it orders right. On the diagonal its confidence can be taken at its word; below it the model is too sure.",
        X = new Axis { Label = "confidence in its own choice", Min = 0.5, Max = 1 },
        Y = new Axis { Label = "share ordered right", Include = [0.5, 1] },
        Marks =
        [
            new LineMark { Name = "perfect", Legend = "", Ink = Ink.Muted, X = [0.5, 1], Y = [0.5, 1] },
            new LineMark { Name = "model", Ink = new Ink(1, Stroke.Solid, Weight.Thin), X = [.. bins.Select(bin => bin.MeanConfidence)], Y = [.. bins.Select(bin => bin.Accuracy)] },
            new PointMark
            {
                Name = "model",
                Ink = new Ink(1),
                X = [.. bins.Select(bin => bin.MeanConfidence)],
                Y = [.. bins.Select(bin => bin.Accuracy)],
                Labels = [.. bins.Select(bin => $"{NumberFormat.Count(bin.Count)} pairs")],
            },
        ],
    };

    private static Chart Margins(IReadOnlyList<HistogramBin> bins) => new()
    {
        Id = "margins",
        Title = "Margins",
        Description = "Reward of the chosen response minus that of the rejected one, pair by pair. Left of 0 the model disagrees with the label.",
        X = new Axis { Label = "margin" },
        Y = new Axis { Label = "pairs" },
        Marks =
        [
            new BarMark { Name = "pairs", Ink = new Ink(1), Edges = [.. bins.Select(bin => bin.From), bins[^1].To], Heights = [.. bins.Select(bin => (double)bin.Count)] },
            new RuleMark { Direction = Direction.Vertical, Value = 0, Name = "no preference", Legend = "", Ink = Ink.Muted },
        ],
    };

    private static Chart ByLength(IReadOnlyList<LengthBand> bands) => new()
    {
        Id = "by-length",
        Title = "Accuracy by length difference",
        Description = "Tokens of the chosen response minus those of the rejected one, in bands of equally many pairs. A model that judges length alone is near 1 at the right and near 0 at the left.",
        X = new Axis { Label = "tokens longer (middle of the band)" },
        Y = new Axis { Label = "accuracy", Include = [0, 1] },
        Marks =
        [
            new RuleMark { Direction = Direction.Horizontal, Value = 0.5, Label = "chance", Name = "chance", Legend = "", Ink = Ink.Muted },
            new PointMark
            {
                Name = "accuracy",
                Ink = new Ink(1),
                X = [.. bands.Select(band => (band.From + band.To) / 2.0)],
                Y = [.. bands.Select(band => band.Accuracy.Value)],
                Low = [.. bands.Select(band => band.Accuracy.Low)],
                High = [.. bands.Select(band => band.Accuracy.High)],
                Labels = [.. bands.Select(band => $"{band.From} to {band.To} tokens, {NumberFormat.Count(band.Accuracy.Count)} pairs")],
            },
        ],
    };
}
