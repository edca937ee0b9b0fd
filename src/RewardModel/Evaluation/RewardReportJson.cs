using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rlhf.Foundation;

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

    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}
