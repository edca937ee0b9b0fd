using System.Globalization;
using System.Text.Json;

namespace Rlhf.Reports;

/// <summary>Fields of an object that may or may not be there.</summary>
internal static class JsonFields
{
    /// <summary>NaN where the field is missing or no number; a number may be written as text, as NaN is.</summary>
    public static double Number(this JsonElement row, string name) =>
        row.TryGetProperty(name, out var field) ? Number(field) : double.NaN;

    public static double Number(JsonElement field) => field.ValueKind switch
    {
        JsonValueKind.Number => field.GetDouble(),
        JsonValueKind.String when double.TryParse(field.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) => value,
        _ => double.NaN,
    };

    public static string? Text(this JsonElement row, string name) =>
        row.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.String ? field.GetString() : null;

    /// <summary>Empty where the field is missing or no list.</summary>
    public static IEnumerable<JsonElement> List(this JsonElement row, string name) =>
        row.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.Array ? field.EnumerateArray() : [];
}
