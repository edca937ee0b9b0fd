using System.Text.Json;

namespace Rlhf.Foundation.Files;

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
    public int Id() => IsId(Value, out var id) ? id : throw Wrong("a token id (a whole number from 0 to 2147483647)");

    public static bool IsId(JsonElement value, out int id)
    {
        id = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out id) && id >= 0;
    }

    public IEnumerable<JsonPlace> Items()
    {
        var place = this;
        return List().Select(place.Item);
    }

    /// <summary>The items without their places, of which long lists would make many strings; <see cref="Item"/> gives one its place.</summary>
    public JsonElement.ArrayEnumerator List() => Value.ValueKind == JsonValueKind.Array ? Value.EnumerateArray() : throw Wrong("a list");

    public IEnumerable<(string Name, JsonPlace Value)> Members()
    {
        var place = this;
        return Object().Select(member => (member.Name, place.Member(member)));
    }

    /// <summary>The members without their places; <see cref="Member"/> gives one its place.</summary>
    public JsonElement.ObjectEnumerator Object() => Value.ValueKind == JsonValueKind.Object ? Value.EnumerateObject() : throw Wrong("an object");

    public JsonPlace Item(JsonElement item, int index) => this with { Value = item, Key = $"{Key}[{index}]" };

    public JsonPlace Member(JsonProperty member) => this with { Value = member.Value, Key = Path(member.Name) };

    public RlhfException Wrong(string expected) => new($"{File}: {Name} is {Shown()}, expected {expected}");

    /// <summary>For what a file may rightly say, and this program does not do.</summary>
    public RlhfException Unsupported(string supported) => new($"{File}: {Name} is {Shown()}, which is not supported; supported: {supported}");

    private string Name => Key.Length == 0 ? "the file" : Key;

    private string Path(string name)
    {
        name = Short(name);
        return Key.Length == 0 ? name : $"{Key}.{name}";
    }

    private static string Short(string text) => (text.Length <= ShownLength ? text : text[..ShownLength] + "…").ReplaceLineEndings(" ");

    private string Shown()
    {
        if (Value.ValueKind is JsonValueKind.Object) return "an object";
        if (Value.ValueKind is JsonValueKind.Array) return "a list";
        return Short(Value.GetRawText());
    }
}
