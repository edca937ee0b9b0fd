using System.Text.Json;
using Rlhf.Evaluation;
using Rlhf.Policies;

namespace Rlhf.Reports;

/// <summary>Reads trust.json, the evaluation of a reward model.</summary>
public static class TrustFile
{
    public static TrustSummary Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            return Summary(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new RlhfException($"{path}: not a trust report ({e.Message.TrimEnd('.')}): make it again with `rlhf reward eval`", e);
        }
    }

    private static TrustSummary Summary(JsonElement trust) => new()
    {
        Accuracy = trust.TryGetProperty("accuracy", out var accuracy) ? Interval(accuracy) : null,
        Pairs = trust.Number("pairs"),
        LogLoss = trust.Number("log_loss"),
        CalibrationError = trust.Number("ece"),
        LengthBaseline = trust.Number("length_baseline"),
        Ceiling = trust.Number("ceiling"),
        LengthCorrelation = trust.Number("length_correlation"),
        EnsembleAgreement = trust.Number("ensemble_agreement"),
        Calibration = [.. trust.List("calibration").Select(bin => new CalibrationBin(bin.Number("predicted"), bin.Number("observed"), bin.Number("pairs")))],
        Margins = [.. trust.List("margins").Select(bin => new HistogramBin(bin.Number("low"), bin.Number("high"), bin.Number("count")))],
        ByLengthDifference = [.. trust.List("by_length_difference").Select(bin => new LengthBin(bin.Number("low"), bin.Number("high"), bin.Number("accuracy"), bin.Number("pairs")))],
        Worst = [.. trust.List("worst").Select(pair => new WrongPair(pair.Text("prompt") ?? "", pair.Text("chosen") ?? "", pair.Text("rejected") ?? "", pair.Number("margin")))],
    };

    private static Estimate Interval(JsonElement accuracy) => accuracy.ValueKind == JsonValueKind.Object
        ? new Estimate(accuracy.Number("value"), accuracy.Number("low"), accuracy.Number("high"))
        : new Estimate(JsonFields.Number(accuracy), double.NaN, double.NaN);
}
