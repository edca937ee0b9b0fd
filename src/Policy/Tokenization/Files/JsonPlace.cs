using System.Text.Json;

namespace Rlhf.Policies.Tokenization.Files;

/// <summary>A JSON value that knows its file and key, so that every complaint about it names both.</summary>
internal readonly record struct JsonPlace(JsonElement Value, string File, string Key)
{
    private const int ShownLength = 60;

    /// <summary>The member of that name, or null where it is absent or null.</summary>
    public JsonPlace? Optional(string name)
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Wrong("an object");
        return Value.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null
            ? this with { Value = member, Key = Path(name) }
            : null;
    }

    public JsonPlace Required(string name)
        => Optional(name) ?? throw new RlhfException($"{File}: {Path(name)} is missing; the file is not a complete tokenizer");

    public string Text() => Value.ValueKind == JsonValueKind.String ? Value.GetString()! : throw Wrong("a string");

    public string? OptionalText(string name) => Optional(name)?.Text();

    public bool Flag(string name, bool otherwise) => Optional(name) is { } member ? member.Flag() : otherwise;

    public bool Flag() => Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? Value.GetBoolean() : throw Wrong("true or false");

    /// <summary>A token id: a whole number from 0 up.</summary>
    public int Id()
        => Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out var id) && id >= 0
            ? id
            : throw Wrong("a token id (a whole number from 0 to 2147483647)");

    public IEnumerable<JsonPlace> Items()
    {
        if (Value.ValueKind != JsonValueKind.Array) throw Wrong("a list");
        var (file, key) = (File, Key);
        return Value.EnumerateArray().Select((item, index) => new JsonPlace(item, file, $"{key}[{index}]"));
    }

    public IEnumerable<(string Name, JsonPlace Value)> Members()
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Wrong("an object");
        var place = this;
        return Value.EnumerateObject().Select(member => (member.Name, new JsonPlace(member.Value, place.File, place.Path(member.Name))));
    }

    public RlhfException Wrong(string expected) => new($"{File}: {Name} is {Shown()}, expected {expected}");

    /// <summary>For what a file may rightly say, and this program does not do.</summary>
    public RlhfException Unsupported(string supported) => new($"{File}: {Name} is {Shown()}, which is not supported; supported: {supported}");

    private string Name => Key.Length == 0 ? "the file" : Key;

    private string Path(string name) => Key.Length == 0 ? name : $"{Key}.{name}";

    private string Shown()
    {
        if (Value.ValueKind is JsonValueKind.Object) return "an object";
        if (Value.ValueKind is JsonValueKind.Array) return "a list";
        var text = Value.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= ShownLength ? text : text[..ShownLength] + "…";
    }
}
