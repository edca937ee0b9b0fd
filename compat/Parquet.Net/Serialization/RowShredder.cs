using System.Collections;
using Parquet.Columns;
using Parquet.Schema;

namespace Parquet.Serialization;

/// <summary>Takes rows apart into columns and their levels; the inverse of <see cref="RowAssembler"/>.</summary>
internal sealed class RowShredder(ParquetSchema schema)
{
    private readonly Dictionary<DataField, ColumnBuilder> builders = schema.DataFields.ToDictionary(field => field, ColumnBuilder.Of);

    public void Add(IDictionary<string, object?> row)
    {
        foreach (var field in schema.Fields) Value(field, row.TryGetValue(field.Name, out var value) ? value : null, 0, 0);
    }

    public IEnumerable<ColumnData> Columns() => schema.DataFields.Select(field => builders[field].Finish());

    private void Value(Field field, object? value, int repetition, int definition)
    {
        if (value is null)
        {
            if (!field.IsNullable) throw new ArgumentException($"the field '{field.Path}' is not nullable and a row has no value for it", nameof(value));
            Lack(field, repetition, definition);
            return;
        }

        switch (field)
        {
            case DataField data:
                builders[data].Add(value, repetition, field.MaxDefinitionLevel);
                break;
            case StructField group when value is IDictionary<string, object?> members:
                foreach (var member in group.Fields)
                    Value(member, members.TryGetValue(member.Name, out var part) ? part : null, repetition, field.MaxDefinitionLevel);
                break;
            case ListField list when value is IEnumerable elements and not string and not byte[]:
                List(list, elements, repetition);
                break;
            default:
                throw new ArgumentException($"the field '{field.Path}' is a {field.SchemaType}; a row has {value.GetType().Name} for it", nameof(value));
        }
    }

    private void List(ListField list, IEnumerable elements, int repetition)
    {
        var isEmpty = true;
        foreach (var element in elements)
        {
            Value(list.Item, element, isEmpty ? repetition : list.MaxRepetitionLevel, list.ElementLevel);
            isEmpty = false;
        }

        if (isEmpty) Lack(list, repetition, list.MaxDefinitionLevel);
    }

    private void Lack(Field field, int repetition, int definition)
    {
        foreach (var leaf in field.Leaves) builders[leaf].Add(null, repetition, definition);
    }
}
