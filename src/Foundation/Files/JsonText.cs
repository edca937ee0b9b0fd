using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rlhf.Foundation.Files;

/// <summary>The JSON the program writes: snake_case names, text kept readable.</summary>
internal static class JsonText
{
    public static JsonSerializerOptions Lines { get; } = Options(JsonWriterStyle.Line);

    public static JsonSerializerOptions Indented { get; } = Options(JsonWriterStyle.Indented);

    private enum JsonWriterStyle
    {
        Line,
        Indented,
    }

    private static JsonSerializerOptions Options(JsonWriterStyle style) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = style == JsonWriterStyle.Indented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // What may not be null is not, whoever wrote the file.
        RespectNullableAnnotations = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };
}
