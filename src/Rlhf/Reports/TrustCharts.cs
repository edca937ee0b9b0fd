using Rlhf.Charts;

namespace Rlhf.Reports;

/// <summary>The charts of a reward model's evaluation.</summary>
public static class TrustCharts
{
    public static IEnumerable<Chart> Of(TrustSummary trust)
    {
        if (trust.Calibration.Count > 0) yield return Calibration(trust);
        if (trust.Margins.Count > 0) yield return Margins(trust);
        if (trust.ByLengthDifference.Count > 0) yield return ByLength(trust);
    }

    private static Chart Calibration(TrustSummary trust) => new()
    {
        Id = "calibration",
        Title = "Calibration",
        Description = "Of the pairs that the model is so sure of, how many it orders right. On the diagonal its confidence can be taken at its word; below it the model is too sure.",
        X = new Axis { Label = "predicted probability" },
        Y = new Axis { Label = "observed share", Include = [0, 1] },
        Marks =
        [
            new LineMark { Name = "perfect", Legend = "", Ink = Ink.Muted, X = [trust.Calibration.Min(bin => bin.Predicted), 1], Y = [trust.Calibration.Min(bin => bin.Predicted), 1] },
            new LineMark { Name = "model", Ink = new Ink(1, Stroke.Solid, Weight.Thin), X = [.. trust.Calibration.Select(bin => bin.Predicted)], Y = [.. trust.Calibration.Select(bin => bin.Observed)] },
            new PointMark
            {
                Name = "model",
                Ink = new Ink(1),
                X = [.. trust.Calibration.Select(bin => bin.Predicted)],
                Y = [.. trust.Calibration.Select(bin => bin.Observed)],
                Labels = [.. trust.Calibration.Select(bin => $"{NumberFormat.Value(bin.Pairs)} pairs")],
            },
        ],
    };

    private static Chart Margins(TrustSummary trust) => new()
    {
        Id = "margins",
        Title = "Margins",
        Description = "Reward of the chosen response minus that of the rejected one, pair by pair. Left of 0 the model disagrees with the label.",
        X = new Axis { Label = "margin" },
        Y = new Axis { Label = "pairs" },
        Marks =
        [
            new BarMark { Name = "pairs", Ink = new Ink(1), Edges = [.. trust.Margins.Select(bin => bin.Low), trust.Margins[^1].High], Heights = [.. trust.Margins.Select(bin => bin.Count)] },
            new RuleMark { Direction = Direction.Vertical, Value = 0, Name = "no preference", Legend = "", Ink = Ink.Muted },
        ],
    };

    private static Chart ByLength(TrustSummary trust) => new()
    {
        Id = "by-length",
        Title = "Accuracy by length difference",
        Description = "Tokens of the chosen response minus those of the rejected one. A model that judges length alone is near 1 at the right and near 0 at the left.",
        X = new Axis { Label = "tokens longer" },
        Y = new Axis { Label = "accuracy", Include = [0, 1] },
        Marks =
        [
            new BarMark { Name = "accuracy", Ink = new Ink(1), Edges = [.. trust.ByLengthDifference.Select(bin => bin.Low), trust.ByLengthDifference[^1].High], Heights = [.. trust.ByLengthDifference.Select(bin => bin.Accuracy)] },
            new RuleMark { Direction = Direction.Horizontal, Value = 0.5, Label = "chance", Name = "chance", Legend = "", Ink = Ink.Muted },
        ],
    };
}
