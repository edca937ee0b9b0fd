using System.Text.Json;
using System.Text.RegularExpressions;
using Rlhf.Foundation;

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

    private readonly JsonElement _root;

    private JsonSchema(JsonElement root) => _root = root;

    public static JsonSchema Load(string path, string key)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            var root = document.RootElement.Clone();
            Check(root, "#", (place, what) => throw new RlhfException($"{key}: {path}: {place}: {what}"));
            return new JsonSchema(root);
        }
        catch (JsonException error)
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
            refuse(place, $"found {schema.ValueKind.ToString().ToLowerInvariant()}; expected a schema, an object");
            return;
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            var inside = $"{place}/{keyword.Name}";
            if (!s_known.Contains(keyword.Name)) refuse(inside, $"a keyword that is not understood; expected one of {string.Join(", ", s_known.Where(name => name[0] != '$'))}");
            if (keyword.Name == "properties") foreach (var property in keyword.Value.EnumerateObject()) Check(property.Value, $"{inside}/{property.Name}", refuse);
            if (keyword.Name is "items" or "additionalProperties") Check(keyword.Value, inside, refuse);
            if (keyword.Name is "anyOf" or "allOf") foreach (var (i, part) in keyword.Value.EnumerateArray().Index()) Check(part, $"{inside}/{i}", refuse);
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
            "pattern" => text is null || Regex.IsMatch(text, asked.GetString()!, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)),
            "minItems" => count < 0 || count >= asked.GetInt32(),
            "maxItems" => count < 0 || count <= asked.GetInt32(),
            "anyOf" => asked.EnumerateArray().Any(part => Fits(part, value)),
            "allOf" => asked.EnumerateArray().All(part => Fits(part, value)),
            _ => true,
        };
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
