using System.Text.Encodings.Web;
using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Rewards.Evaluation;

/// <summary>The report as JSON; a number that is not finite is null.</summary>
public static class RewardReportJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FiniteOrNull() },
    };

    public static string Text(RewardReport report) => JsonSerializer.Serialize(report, Options) + "\n";

    public static RewardReport Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RewardReport>(File.ReadAllText(path), Options)
                ?? throw new RlhfException($"{path}: holds null, not a reward report: make it again with 'rlhf reward eval'");
        }
        catch (JsonException error)
        {
            throw new RlhfException($"{path}: not a reward report ({error.Message.TrimEnd('.')}): make it again with 'rlhf reward eval'", error);
        }
    }
}
