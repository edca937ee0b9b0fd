using Rlhf.Evaluation;

namespace Rlhf.Reports;

/// <summary>What trust.json says of a reward model, as far as the report shows it. What it does not say is NaN or empty.</summary>
public sealed record TrustSummary
{
    public Estimate? Accuracy { get; init; }
    public double Pairs { get; init; } = double.NaN;
    public double LogLoss { get; init; } = double.NaN;
    public double CalibrationError { get; init; } = double.NaN;

    /// <summary>Accuracy of always choosing the longer response.</summary>
    public double LengthBaseline { get; init; } = double.NaN;

    /// <summary>The accuracy that the noise of the labels allows.</summary>
    public double Ceiling { get; init; } = double.NaN;

    public double LengthCorrelation { get; init; } = double.NaN;
    public double EnsembleAgreement { get; init; } = double.NaN;
    public IReadOnlyList<CalibrationBin> Calibration { get; init; } = [];
    public IReadOnlyList<HistogramBin> Margins { get; init; } = [];
    public IReadOnlyList<LengthBin> ByLengthDifference { get; init; } = [];
    public IReadOnlyList<WrongPair> Worst { get; init; } = [];
}

/// <summary>Pairs whose predicted probability of being ordered right lies in a bin.</summary>
public sealed record CalibrationBin(double Predicted, double Observed, double Pairs);

public sealed record HistogramBin(double Low, double High, double Count);

/// <summary>Accuracy where the chosen response is longer than the rejected by so many tokens.</summary>
public sealed record LengthBin(double Low, double High, double Accuracy, double Pairs);

/// <summary>A pair that the model orders wrongly, with the margin it gives.</summary>
public sealed record WrongPair(string Prompt, string Chosen, string Rejected, double Margin);
