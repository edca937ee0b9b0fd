using System.Text.Encodings.Web;
using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Rewards.Evaluation;

/// <summary>The report as JSON; a number that is not finite is null.</summary>
internal static class RewardReportJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FiniteOrNull() },
    };

    public static string Text(RewardReport report) => JsonSerializer.Serialize(report, Options) + "\n";

    public static RewardReport Read(string path)
    {
        try
        {
            var report = JsonSerializer.Deserialize<RewardReport>(SmallFile.ReadText(path), Options)
                ?? throw new RlhfException($"{path}: holds null, not a reward report: make it again with 'rlhf reward eval'");
            return report.Margins.Contains(null) || report.Calibration.Bins.Contains(null) || report.Length.ByDifference.Contains(null) || report.Worst.Contains(null) ? throw new JsonException("a part of a list is null") : report;
        }
        catch (JsonException error)
        {
            throw new RlhfException($"{path}: not a reward report ({error.Message.TrimEnd('.')}): make it again with 'rlhf reward eval'", error);
        }
    }
}
