using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Evaluation;

/// <summary>curve.json: a number that is not finite is written as null and read as NaN.</summary>
public static class CurveJson
{
    private const int LargestFile = 512 << 20;

    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FiniteOrNull(), new NumbersOnOneLine(), new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static void Write(Curve curve, string path) => Durable.WriteText(path, Text(curve));

    public static string Text(Curve curve) => JsonSerializer.Serialize(curve, s_options) + "\n";

    /// <summary>What `rlhf curve --json` prints.</summary>
    public static string Text(JudgedCurve judged) => JsonSerializer.Serialize(judged, s_options) + "\n";

    public static Curve Read(string path)
    {
        try
        {
            var curve = JsonSerializer.Deserialize<Curve>(SmallFile.ReadText(path, LargestFile), s_options)
                ?? throw new RlhfException($"{path}: holds null, not a curve: make it again with `rlhf curve`");
            if (curve.Points.Contains(null) || curve.BestOfN.Contains(null) || curve.Fits.Contains(null)) throw new JsonException("a point is null");
            return curve.Version == Curve.CurrentVersion
                ? curve
                : throw new RlhfException($"{path}: version {curve.Version} of the format, expected {Curve.CurrentVersion}: make it again with `rlhf curve`");
        }
        catch (JsonException e)
        {
            throw new RlhfException($"{path}: not a curve ({e.Message.TrimEnd('.')}): make it again with `rlhf curve`", e);
        }
    }

    /// <summary>The numbers of all prompts in one line, to four digits: they are for resampling, not for reading.</summary>
    private sealed class NumbersOnOneLine : JsonConverter<IReadOnlyList<double>>
    {
        public override IReadOnlyList<double> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<double[]>(ref reader, options) ?? [];

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<double> value, JsonSerializerOptions options) =>
            writer.WriteRawValue($"[{string.Join(',', value.Select(number => double.IsFinite(number) ? number.ToString("G4", CultureInfo.InvariantCulture) : "null"))}]");
    }
}
