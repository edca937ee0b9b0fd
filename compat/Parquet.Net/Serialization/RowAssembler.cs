using Parquet.Columns;
using Parquet.Schema;

namespace Parquet.Serialization;

/// <summary>
/// Puts rows together from columns and their levels (Melnik et al., "Dremel", 2010). Columns of one list or struct must
/// tell the same story about it; where they do not, the file is damaged.
/// </summary>
internal sealed class RowAssembler
{
    private readonly ParquetSchema schema;
    private readonly Dictionary<Field, LeafCursor[]> cursors = [];

    public RowAssembler(ParquetSchema schema, IReadOnlyList<ColumnData> columns)
    {
        this.schema = schema;
        var leaves = columns.ToDictionary(column => column.Field, column => new LeafCursor(column));
        foreach (var field in schema.Fields) Register(field, leaves);
    }

    /// <summary>The next row.</summary>
    public Dictionary<string, object> Row()
    {
        var row = new Dictionary<string, object>(schema.Fields.Count);
        foreach (var field in schema.Fields)
        {
            row[field.Name] = Value(field)!;
            foreach (var cursor in cursors[field])
                if (cursor.Repetition != 0) throw Disagree(field);
        }

        return row;
    }

    private void Register(Field field, Dictionary<DataField, LeafCursor> leaves)
    {
        cursors[field] = [.. field.Leaves.Select(leaf => leaves[leaf])];
        if (field is StructField group)
            foreach (var member in group.Fields) Register(member, leaves);
        if (field is ListField list) Register(list.Item, leaves);
    }

    private object? Value(Field field) => field switch
    {
        DataField => cursors[field][0].Take(),
        StructField group => Struct(group),
        ListField list => List(list),
        _ => throw new ParquetException($"the field {field.Path} has an unknown form"),
    };

    private Dictionary<string, object>? Struct(StructField field)
    {
        if (!IsThere(field, field.MaxDefinitionLevel))
        {
            Pass(field);
            return null;
        }

        var members = new Dictionary<string, object>(field.Fields.Count);
        foreach (var member in field.Fields) members[member.Name] = Value(member)!;
        return members;
    }

    private List<object>? List(ListField field)
    {
        if (!IsThere(field, field.MaxDefinitionLevel))
        {
            Pass(field);
            return null;
        }

        var elements = new List<object>();
        if (!IsThere(field, field.ElementLevel))
        {
            Pass(field);
            return elements;
        }

        do elements.Add(Value(field.Item)!);
        while (GoesOn(field));
        return elements;
    }

    /// <summary>Whether the place at hand is defined down to a level.</summary>
    private bool IsThere(Field field, int level)
    {
        var leaves = cursors[field];
        var isThere = leaves[0].Definition >= level;
        foreach (var leaf in leaves)
            if (leaf.Definition >= level != isThere) throw Disagree(field);
        return isThere;
    }

    private bool GoesOn(ListField field)
    {
        var leaves = cursors[field];
        var goesOn = leaves[0].Repetition >= field.MaxRepetitionLevel;
        foreach (var leaf in leaves)
            if (leaf.Repetition >= field.MaxRepetitionLevel != goesOn) throw Disagree(field);
        if (goesOn && leaves[0].Repetition > field.MaxRepetitionLevel) throw Disagree(field);
        return goesOn;
    }

    private void Pass(Field field)
    {
        foreach (var leaf in cursors[field]) leaf.Pass();
    }

    private static ParquetException Disagree(Field field) => new($"the columns of {field.Path} disagree on where its lists and values lie; the file is damaged");
}
