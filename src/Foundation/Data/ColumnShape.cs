using System.Collections;
using System.Text.Json;
using Parquet.Schema;

namespace Rlhf.Foundation.Data;

/// <summary>What a column holds in all rows seen so far: the type that a Parquet column of it needs.</summary>
internal sealed class ColumnShape
{
    private const string Element = "element";
    private ColumnKind kind = ColumnKind.Null;
    private bool isWhole = true;
    private ColumnShape? item;
    private readonly List<string> names = [];
    private readonly Dictionary<string, ColumnShape> members = [];

    /// <summary>Widens the shape so that it holds this value too; false where it cannot.</summary>
    public bool TryAdd(JsonElement value)
    {
        var found = KindOf(value);
        if (found == ColumnKind.Null) return true;
        if (kind != ColumnKind.Null && kind != found) return false;
        kind = found;
        switch (found)
        {
            case ColumnKind.Number:
                isWhole &= value.TryGetInt64(out _);
                return double.IsFinite(value.GetDouble());
            case ColumnKind.List:
                item ??= new ColumnShape();
                foreach (var element in value.EnumerateArray())
                    if (!item.TryAdd(element)) return false;
                return true;
            case ColumnKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    if (!members.TryGetValue(member.Name, out var shape))
                    {
                        members.Add(member.Name, shape = new ColumnShape());
                        names.Add(member.Name);
                    }

                    if (!shape.TryAdd(member.Value)) return false;
                }

                return true;
            default:
                return true;
        }
    }

    /// <summary>The field for this shape; a column of nothing but nulls becomes text.</summary>
    public Field Field(string name) => kind switch
    {
        ColumnKind.Number => isWhole ? new DataField<long>(name, nullable: true) : new DataField<double>(name, nullable: true),
        ColumnKind.Boolean => new DataField<bool>(name, nullable: true),
        ColumnKind.List => new ListField(name, item!.Field(Element)),
        ColumnKind.Object when names.Count == 0 => throw new RlhfException($"column '{name}' holds only objects without members, which Parquet cannot hold; write .jsonl or drop it"),
        ColumnKind.Object => new StructField(name, [.. names.Select(member => members[member].Field(member))]),
        _ => new DataField<string>(name),
    };

    /// <summary>A value as the field's type wants it.</summary>
    public object? Value(JsonElement value) => KindOf(value) switch
    {
        ColumnKind.Null => null,
        ColumnKind.Text => value.GetString(),
        ColumnKind.Boolean => value.GetBoolean(),
        ColumnKind.Number => isWhole ? (object)value.GetInt64() : value.GetDouble(),
        ColumnKind.List => Items(value),
        _ => Members(value),
    };

    public static ColumnKind KindOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => ColumnKind.Text,
        JsonValueKind.Number => ColumnKind.Number,
        JsonValueKind.True or JsonValueKind.False => ColumnKind.Boolean,
        JsonValueKind.Array => ColumnKind.List,
        JsonValueKind.Object => ColumnKind.Object,
        _ => ColumnKind.Null,
    };

    // The package knows what a list holds by the list's type alone.
    private Type Clr => kind switch
    {
        ColumnKind.Number => isWhole ? typeof(long?) : typeof(double?),
        ColumnKind.Boolean => typeof(bool?),
        ColumnKind.List => typeof(List<>).MakeGenericType(item!.Clr),
        ColumnKind.Object => typeof(IDictionary<string, object?>),
        _ => typeof(string),
    };

    private IList Items(JsonElement value)
    {
        var items = (IList)Activator.CreateInstance(Clr)!;
        foreach (var element in value.EnumerateArray()) items.Add(item!.Value(element));
        return items;
    }

    private Dictionary<string, object?> Members(JsonElement value)
    {
        var result = new Dictionary<string, object?>(members.Count);
        foreach (var member in value.EnumerateObject()) result[member.Name] = members[member.Name].Value(member.Value);
        return result;
    }
}
