using System.Buffers;
using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Parquet;
using Parquet.Serialization;

namespace Rlhf.Foundation.Data;

/// <summary>The rows of a Parquet file, one row group in memory at a time.</summary>
internal static class ParquetRows
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IEnumerable<Row> Read(FileStream file, string path, Action<RowDefect>? onDefect)
    {
        var origin = new RowOrigin(path, "row");
        var parser = new RowParser(origin);
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Plain);
        var groups = Guard(file, path, () => CountGroupsAsync(file));
        long number = 0;
        for (var group = 0; group < groups; group++)
        {
            var index = group;
            var rows = Guard(file, path, () => ParquetSerializer.DeserializeUntypedAsync(file, rowGroupIndex: index)).Data;
            for (var i = 0; i < rows.Count; i++)
            {
                number++;
                buffer.ResetWrittenCount();
                json.Reset();
                Write(json, rows[i]);
                json.Flush();
                rows[i] = null!; // a row that was given out need not stay with its group
                if (parser.Parse(buffer.WrittenSpan.ToArray(), number, out var reason) is { } row)
                    yield return row;
                else if (onDefect is null)
                    throw new RlhfException($"{origin.At(number)}: {reason}");
                else
                    onDefect(new RowDefect(path, number, reason));
            }
        }
    }

    private static async Task<int> CountGroupsAsync(FileStream file)
    {
        var reader = await ParquetReader.CreateAsync(file).ConfigureAwait(false);
        await using var closing = reader.ConfigureAwait(false);
        return reader.RowGroupCount;
    }

    private static T Guard<T>(FileStream file, string path, Func<Task<T>> read)
    {
        try
        {
            return read().GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is ParquetException or InvalidDataException or IOException)
        {
            var message = error.Message.StartsWith(file.Name, StringComparison.Ordinal) ? error.Message[file.Name.Length..] : $": {error.Message}";
            throw new RlhfException(path + message, error);
        }
    }

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case float number when float.IsFinite(number): json.WriteNumberValue(number); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case decimal number: json.WriteNumberValue(number); break;
            case sbyte or byte or short or ushort or uint or ulong: json.WriteNumberValue(Convert.ToDecimal(value, null)); break;
            case byte[] bytes when Utf8.IsValid(bytes): json.WriteStringValue(bytes); break;
            case byte[] bytes: json.WriteBase64StringValue(bytes); break;
            case DateTime moment: json.WriteStringValue(moment); break;
            case IFormattable other: json.WriteStringValue(other.ToString(null, null)); break; // NaN, infinities, spans, identifiers
            case IDictionary<string, object> members:
                json.WriteStartObject();
                foreach (var (name, member) in members)
                {
                    json.WritePropertyName(name);
                    Write(json, member);
                }

                json.WriteEndObject();
                break;
            case IEnumerable elements:
                json.WriteStartArray();
                foreach (var element in elements) Write(json, element);
                json.WriteEndArray();
                break;
            default: throw new InvalidOperationException($"a Parquet value of {value.GetType()} has no form as a row");
        }
    }
}
