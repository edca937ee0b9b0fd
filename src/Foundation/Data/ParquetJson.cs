using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Unicode;
using Parquet.Schema;

namespace Rlhf.Foundation.Data;

/// <summary>
/// Puts the rows of a row group together from its columns and writes them as JSON. The package does so too, and gives an empty
/// list where there is none.
/// </summary>
internal sealed class ParquetJson(Utf8JsonWriter json, IReadOnlyDictionary<FieldPath, ParquetColumn> columns)
{
    public void WriteRow(IReadOnlyList<Field> fields)
    {
        json.WriteStartObject();
        foreach (var field in fields) Member(field, 0);
        json.WriteEndObject();
    }

    private void Member(Field field, int repetition)
    {
        json.WritePropertyName(field.Name);
        Write(field, repetition);
    }

    /// <param name="repetition">the level of the lists around the field</param>
    private void Write(Field field, int repetition)
    {
        switch (field)
        {
            case DataField { IsArray: true } items: List(items, items.MaxDefinitionLevel, items.MaxRepetitionLevel, () => Value(columns[items.Path].Take(), items)); break;
            case DataField data: Value(columns[data.Path].Take(), data); break;
            // In the oldest layout the item itself is what repeats.
            case ListField list when list.MaxRepetitionLevel == repetition: Write(list.Item, repetition); break;
            case ListField list: List(list, list.MaxDefinitionLevel, list.MaxRepetitionLevel, () => Write(list.Item, list.MaxRepetitionLevel)); break;
            case MapField map: List(map, map.MaxDefinitionLevel, map.MaxRepetitionLevel, () => Pair(map)); break;
            case StructField group: Struct(group, repetition); break;
            default: throw new NotSupportedException($"'{field.Path}' is a field of an unknown kind");
        }
    }

    private void Struct(StructField group, int repetition)
    {
        if (First(group).Definition < group.MaxDefinitionLevel)
        {
            Skip(group);
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        foreach (var member in group.Fields) Member(member, repetition);
        json.WriteEndObject();
    }

    /// <param name="definition">the level from which on there is an item; one less is a list without any</param>
    private void List(Field list, int definition, int repetition, Action item)
    {
        var first = First(list);
        if (first.Definition < definition)
        {
            var isEmpty = first.Definition == definition - 1;
            Skip(list);
            if (isEmpty) json.WriteStartArray();
            else json.WriteNullValue();
            if (isEmpty) json.WriteEndArray();
            return;
        }

        json.WriteStartArray();
        do
        {
            item();
        }
        while (first.HasNext && first.Repetition >= repetition);
        json.WriteEndArray();
    }

    private void Pair(MapField map)
    {
        json.WriteStartObject();
        Member(map.Key, map.MaxRepetitionLevel);
        Member(map.Value, map.MaxRepetitionLevel);
        json.WriteEndObject();
    }

    private ParquetColumn First(Field field) => columns[Leaves(field).First().Path];

    private void Skip(Field field)
    {
        foreach (var leaf in Leaves(field)) columns[leaf.Path].Take();
    }

    private static IEnumerable<DataField> Leaves(Field field) => field switch
    {
        DataField data => [data],
        ListField list => Leaves(list.Item),
        MapField map => [.. Leaves(map.Key), .. Leaves(map.Value)],
        StructField group => group.Fields.SelectMany(Leaves),
        _ => throw new NotSupportedException($"'{field.Path}' is a field of an unknown kind"),
    };

    private void Value(object? value, DataField field)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case ReadOnlyMemory<char> text: json.WriteStringValue(text.Span); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case float number when float.IsFinite(number): json.WriteNumberValue(number); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case decimal number: json.WriteNumberValue(number); break;
            case sbyte or byte or short or ushort or uint or ulong: json.WriteNumberValue(Convert.ToDecimal(value, CultureInfo.InvariantCulture)); break;
            case BigInteger number: json.WriteRawValue(number.ToString(CultureInfo.InvariantCulture)); break;
            case ReadOnlyMemory<byte> bytes when Utf8.IsValid(bytes.Span): json.WriteStringValue(bytes.Span); break;
            case ReadOnlyMemory<byte> bytes: json.WriteBase64StringValue(bytes.Span); break;
            case DateTime moment: json.WriteStringValue(IsUtc(field) ? DateTime.SpecifyKind(moment, DateTimeKind.Utc) : moment); break;
            case IFormattable other: json.WriteStringValue(other.ToString(null, CultureInfo.InvariantCulture)); break; // NaN, infinities, spans, identifiers
            default: json.WriteStringValue(value.ToString()); break;
        }
    }

    // The oldest form of a moment has no mark; the programs that write it mean UTC.
    private static bool IsUtc(DataField field) => field is DateTimeDataField moment && (moment.IsAdjustedToUTC || moment.DateTimeFormat == DateTimeFormat.Impala);
}
