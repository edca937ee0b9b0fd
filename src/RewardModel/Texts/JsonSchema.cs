using System.Text.Json;
using System.Text.RegularExpressions;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Rewards.Texts;

/// <summary>
/// A JSON Schema (draft 2020-12) of the keywords that describe data: type, enum, const, properties, required, additionalProperties,
/// items, the bounds of numbers, lengths and counts, pattern, anyOf, allOf. A keyword beyond them is refused when the schema
/// is read, since passing over it would let everything through.
/// </summary>
internal sealed class JsonSchema
{
    private static readonly HashSet<string> s_known = new(StringComparer.Ordinal)
    {
        "type", "enum", "const", "properties", "required", "additionalProperties", "items", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "minLength", "maxLength", "pattern", "minItems", "maxItems", "anyOf", "allOf",
        // What says something about the schema and asks for nothing.
        "$schema", "$id", "$comment", "title", "description", "default", "examples",
    };

    private static readonly string[] s_types = ["object", "array", "string", "number", "integer", "boolean", "null"];

    private readonly JsonElement _root;

    private JsonSchema(JsonElement root) => _root = root;

    public static JsonSchema Load(string path, string key)
    {
        try
        {
            using var document = JsonDocument.Parse(SmallFile.ReadBytes(path));
            var root = document.RootElement.Clone();
            Check(root, "#", (place, what) => throw new RlhfException($"{key}: {path}: {place}: {what}"));
            return new JsonSchema(root);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)   // the second: half a surrogate pair in a text
        {
            throw new RlhfException($"{key}: {path}: is no JSON: {error.Message.TrimEnd('.')}", error);
        }
    }

    public bool Fits(JsonElement value) => Fits(_root, value);

    private static void Check(JsonElement schema, string place, Action<string, string> refuse)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False) return;
        if (schema.ValueKind != JsonValueKind.Object)
        {
            refuse(place, $"found {Kind(schema)}; expected a schema, an object");
            return;
        }

        foreach (var (name, asked) in schema.EnumerateObject().Select(keyword => (keyword.Name, keyword.Value)))
        {
            var inside = $"{place}/{name}";
            if (Wanted(name, asked) is { } wanted) refuse(inside, $"found {Kind(asked)}; expected {wanted}");
            if (name == "properties") foreach (var property in asked.EnumerateObject()) Check(property.Value, $"{inside}/{property.Name}", refuse);
            if (name is "items" or "additionalProperties") Check(asked, inside, refuse);
            if (name is "anyOf" or "allOf") foreach (var (i, part) in asked.EnumerateArray().Index()) Check(part, $"{inside}/{i}", refuse);
            if (!s_known.Contains(name)) refuse(inside, $"a keyword that is not understood; expected one of {string.Join(", ", s_known.Where(known => known[0] != '$'))}");
        }
    }

    /// <summary>What a keyword should hold; null where it does.</summary>
    private static string? Wanted(string keyword, JsonElement asked) => keyword switch
    {
        "type" => OneOrAll(asked, type => type.ValueKind == JsonValueKind.String && s_types.Contains(type.GetString()!)) ? null : $"one or some of {string.Join(", ", s_types)}",
        "enum" or "anyOf" or "allOf" => asked.ValueKind == JsonValueKind.Array ? null : "a list",
        "required" => asked.ValueKind == JsonValueKind.Array && OneOrAll(asked, name => name.ValueKind == JsonValueKind.String) ? null : "a list of names",
        "properties" => asked.ValueKind == JsonValueKind.Object ? null : "an object",
        "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" => asked.ValueKind == JsonValueKind.Number ? null : "a number",
        "minLength" or "maxLength" or "minItems" or "maxItems" => asked.ValueKind == JsonValueKind.Number && asked.TryGetInt32(out var count) && count >= 0 ? null : "a whole number",
        "pattern" => asked.ValueKind == JsonValueKind.String && IsPattern(asked.GetString()!) ? null : "a regular expression",
        _ => null,
    };

    private static bool OneOrAll(JsonElement asked, Func<JsonElement, bool> holds) => asked.ValueKind == JsonValueKind.Array ? asked.EnumerateArray().All(holds) : holds(asked);

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => element.GetRawText(),
    };

    private static bool IsPattern(string pattern)
    {
        try
        {
            return new Regex(pattern) is not null;
        }
        catch (RegexParseException)
        {
            return false;
        }
    }

    private static bool Fits(JsonElement schema, JsonElement value) => schema.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => schema.EnumerateObject().All(keyword => Holds(keyword.Name, keyword.Value, schema, value)),
    };

    private static bool Holds(string keyword, JsonElement asked, JsonElement schema, JsonElement value)
    {
        var number = value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : null;
        var count = value.ValueKind == JsonValueKind.Array ? value.GetArrayLength() : -1;
        return keyword switch
        {
            "type" => asked.ValueKind == JsonValueKind.Array ? asked.EnumerateArray().Any(type => IsA(value, type.GetString())) : IsA(value, asked.GetString()),
            "enum" => asked.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)),
            "const" => JsonElement.DeepEquals(asked, value),
            "required" => value.ValueKind != JsonValueKind.Object || asked.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
            "properties" => value.ValueKind != JsonValueKind.Object || asked.EnumerateObject().All(property => !value.TryGetProperty(property.Name, out var inside) || Fits(property.Value, inside)),
            "additionalProperties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(property => IsNamed(schema, property.Name) || Fits(asked, property.Value)),
            "items" => count < 0 || value.EnumerateArray().All(item => Fits(asked, item)),
            "minimum" => !(number < asked.GetDouble()),
            "maximum" => !(number > asked.GetDouble()),
            "exclusiveMinimum" => !(number <= asked.GetDouble()),
            "exclusiveMaximum" => !(number >= asked.GetDouble()),
            "minLength" => text is null || text.EnumerateRunes().Count() >= asked.GetInt32(),
            "maxLength" => text is null || text.EnumerateRunes().Count() <= asked.GetInt32(),
            "pattern" => text is null || Matches(text, asked.GetString()!),
            "minItems" => count < 0 || count >= asked.GetInt32(),
            "maxItems" => count < 0 || count <= asked.GetInt32(),
            "anyOf" => asked.EnumerateArray().Any(part => Fits(part, value)),
            "allOf" => asked.EnumerateArray().All(part => Fits(part, value)),
            _ => true,
        };
    }

    /// <summary>A text that takes too long is none that fits.</summary>
    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static bool IsNamed(JsonElement schema, string property) => schema.TryGetProperty("properties", out var named) && named.TryGetProperty(property, out _);

    private static bool IsA(JsonElement value, string? type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && Math.Floor(value.GetDouble()) == value.GetDouble(),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => false,
    };
}
