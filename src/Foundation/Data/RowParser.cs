using System.Text.Json;
using System.Text.Unicode;

namespace Rlhf.Foundation.Data;

/// <summary>Where a column stands in the bytes of its row.</summary>
internal readonly record struct RowField(string Name, int Start, int Length, JsonTokenType Kind);

/// <summary>Checks one JSON object from end to end and notes where its columns stand; values are decoded when asked for.</summary>
internal sealed class RowParser(RowOrigin origin)
{
    /// <summary>How deep lists and objects may nest.</summary>
    public const int MaxDepth = 32;

    private const int FewFields = 16;
    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };
    private readonly List<RowField> fields = [];

    /// <summary>The row, or a reason why these bytes are none.</summary>
    public Row? Parse(ReadOnlyMemory<byte> json, long line, out string reason)
    {
        reason = "";
        if (!Utf8.IsValid(json.Span))
        {
            reason = $"invalid UTF-8 at byte {FirstInvalid(json.Span) + 1}; save the file as UTF-8";
            return null;
        }

        try
        {
            Read(json.Span);
            return new Row(origin, line, json, [.. fields]);
        }
        catch (JsonException error)
        {
            reason = Describe(error, json.Span);
            return null;
        }
        catch (InvalidOperationException)
        {
            reason = "a string holds half of a surrogate pair (such as \\ud83d alone), which is no text";
            return null;
        }
    }

    /// <summary>The row, or null after telling what these bytes are instead; an error where nobody is there to be told.</summary>
    public Row? Parse(ReadOnlyMemory<byte> json, long line, Action<RowDefect>? onDefect)
    {
        if (Parse(json, line, out var reason) is { } row) return row;
        if (onDefect is null) throw new RlhfException($"{origin.At(line)}: {reason}");
        onDefect(new RowDefect(origin.Source, line, reason));
        return null;
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        fields.Clear();
        var reader = new Utf8JsonReader(json, Options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException($"expected an object such as {{\"prompt\": …}}, found {Name(reader.TokenType)}");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            CheckEscapes(ref reader);
            var name = reader.ValueIsEscaped ? reader.GetString()! : origin.Name(reader.ValueSpan, fields.Count);
            reader.Read();
            var (start, kind, depth) = ((int)reader.TokenStartIndex, reader.TokenType, reader.CurrentDepth);
            CheckEscapes(ref reader);
            if (kind is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.CurrentDepth > depth) CheckEscapes(ref reader);
            }

            fields.Add(new RowField(name, start, (int)reader.BytesConsumed - start, kind));
        }

        reader.Read(); // throws where something follows the object
        if (Duplicate() is { } twice) throw new JsonException($"column '{twice}' stands twice in the row");
    }

    /// <summary>Decodes a string whose escapes may be halves of surrogate pairs; throws InvalidOperationException if they are.</summary>
    private static void CheckEscapes(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped) return;
        if (reader.ValueSpan.IndexOf("\\ud"u8) >= 0 || reader.ValueSpan.IndexOf("\\uD"u8) >= 0) _ = reader.GetString();
    }

    private string? Duplicate()
    {
        if (fields.Count > FewFields)
        {
            var seen = new HashSet<string>(fields.Count, StringComparer.Ordinal);
            return fields.FirstOrDefault(field => !seen.Add(field.Name)).Name;
        }

        for (var i = 1; i < fields.Count; i++)
            for (var j = 0; j < i; j++)
                if (fields[i].Name == fields[j].Name) return fields[i].Name;
        return null;
    }

    private static string Describe(JsonException error, ReadOnlySpan<byte> json)
    {
        var message = error.Message;
        var suffix = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (suffix < 0) return message;
        var place = (error.LineNumber ?? 0) == 0
            ? $"byte {error.BytePositionInLine + 1}"
            : $"byte {error.BytePositionInLine + 1} of its line {error.LineNumber + 1}";
        var hint = json.TrimEnd(" \t\r\n"u8) is [(byte)'{'] or [(byte)'{', .., (byte)',']
            ? "; JSON Lines wants each object on one line"
            : "";
        return $"invalid JSON at {place}: {message[..suffix].TrimEnd('.')}{hint}";
    }

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var position = 0;
        while (System.Text.Rune.DecodeFromUtf8(bytes[position..], out _, out var length) == System.Buffers.OperationStatus.Done)
            position += length;
        return position;
    }

    private static string Name(JsonTokenType kind) => kind switch
    {
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "true or false",
    };
}
