using System.Text.Encodings.Web;
using System.Text.Json;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Foundation.Data;

/// <summary>
/// One row of a data file, whatever its format: named columns that hold text, numbers, true or false,
/// lists (of dialogue turns, for instance) or objects. It is checked when it is read and decoded when asked.
/// </summary>
public sealed class Row
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly RowOrigin origin;
    private readonly RowField[] fields;

    internal Row(RowOrigin origin, long line, ReadOnlyMemory<byte> json, RowField[] fields) =>
        (this.origin, Line, Json, this.fields) = (origin, line, json, fields);

    /// <summary>The file it was read from.</summary>
    public string Source => origin.Source;

    /// <summary>The line it stands on; in a Parquet file its number; both from 1.</summary>
    public long Line { get; }

    /// <summary>File and line, for messages.</summary>
    public string Place => origin.At(Line);

    /// <summary>The row as one JSON object in UTF-8.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    public IReadOnlyList<string> Columns => Array.ConvertAll(fields, one => one.Name);

    /// <summary>A row made of values: strings, numbers, booleans, dialogue turns, null.</summary>
    public static Row Of(string source, long line, params (string Column, object? Value)[] columns)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(
            columns.ToDictionary(column => column.Column, column => column.Value is IEnumerable<ChatMessage> turns ? Turns(turns) : column.Value),
            Plain);
        return new RowParser(new RowOrigin(source, "row")).Parse(json, line, out var reason)
            ?? throw new ArgumentException(reason, nameof(columns));
    }

    public ColumnKind Kind(string column) => Find(column) is not { } field
        ? ColumnKind.Missing
        : field.Kind switch
        {
            JsonTokenType.Null => ColumnKind.Null,
            JsonTokenType.String => ColumnKind.Text,
            JsonTokenType.Number => ColumnKind.Number,
            JsonTokenType.StartArray => ColumnKind.List,
            JsonTokenType.StartObject => ColumnKind.Object,
            _ => ColumnKind.Boolean,
        };

    /// <summary>Whether the column is there and holds something other than null.</summary>
    public bool Has(string column) => Kind(column) is not (ColumnKind.Missing or ColumnKind.Null);

    public string Text(string column)
    {
        var field = Demand(column, "text", JsonTokenType.String);
        var reader = Reader(field);
        return reader.GetString()!;
    }

    public double Number(string column)
    {
        var field = Demand(column, "a number", JsonTokenType.Number);
        var reader = Reader(field);
        return reader.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : throw new RlhfException($"{Place}: column '{column}' holds {Preview(field)}, which is beyond a double's range");
    }

    public bool Boolean(string column) => Demand(column, "true or false", JsonTokenType.True, JsonTokenType.False).Kind == JsonTokenType.True;

    /// <summary>The dialogue of a column: a list of objects with a role and a content.</summary>
    public IReadOnlyList<ChatMessage> Messages(string column)
    {
        var field = Demand(column, "a list of {role, content}", JsonTokenType.StartArray);
        using var list = JsonDocument.Parse(Slice(field));
        var messages = new List<ChatMessage>(list.RootElement.GetArrayLength());
        foreach (var turn in list.RootElement.EnumerateArray())
            messages.Add(new ChatMessage(Part(turn, "role", column, messages.Count), Part(turn, "content", column, messages.Count)));
        return messages;
    }

    /// <summary>The value of a column as it stands in JSON, or null where the column is missing.</summary>
    public ReadOnlyMemory<byte>? Raw(string column) => Find(column) is { } field ? Slice(field) : default(ReadOnlyMemory<byte>?);

    private string Part(JsonElement turn, string part, string column, int index)
    {
        if (turn.ValueKind == JsonValueKind.Object && turn.TryGetProperty(part, out var value))
        {
            if (value.ValueKind == JsonValueKind.String) return value.GetString()!;
            throw new RlhfException($"{Place}: column '{column}', message {index + 1}: '{part}' is {Shorten(value.GetRawText())}, expected text");
        }

        throw new RlhfException($"{Place}: column '{column}', message {index + 1} is {Shorten(turn.GetRawText())}, expected an object with 'role' and 'content'");
    }

    private RowField Demand(string column, string expected, params ReadOnlySpan<JsonTokenType> kinds)
    {
        if (Find(column) is not { } field)
        {
            var hint = KeyNames.Nearest(column, Columns) is { } near ? $"; did you mean '{near}'?" : "";
            var there = fields.Length == 0 ? "it has none" : $"it has {string.Join(", ", Columns.Take(20))}{(fields.Length > 20 ? ", …" : "")}";
            throw new RlhfException($"{Place} has no column '{column}': {there}{hint}");
        }

        return kinds.Contains(field.Kind)
            ? field
            : throw new RlhfException($"{Place}: column '{column}' holds {Preview(field)}, expected {expected}");
    }

    private RowField? Find(string column)
    {
        foreach (ref readonly var field in fields.AsSpan())
            if (field.Name == column) return field;
        return null;
    }

    private ReadOnlyMemory<byte> Slice(RowField field) => Json.Slice(field.Start, field.Length);

    private Utf8JsonReader Reader(RowField field)
    {
        var reader = new Utf8JsonReader(Slice(field).Span);
        reader.Read();
        return reader;
    }

    private string Preview(RowField field) => Shorten(System.Text.Encoding.UTF8.GetString(Slice(field).Span[..Math.Min(field.Length, 200)]));

    private static string Shorten(string text)
    {
        text = text.ReplaceLineEndings(" ");
        return text.Length <= 40 ? text : string.Concat(text.AsSpan(0, 37), "…");
    }

    private static List<Dictionary<string, string>> Turns(IEnumerable<ChatMessage> turns) =>
        [.. turns.Select(turn => new Dictionary<string, string> { ["role"] = turn.Role, ["content"] = turn.Content })];
}
