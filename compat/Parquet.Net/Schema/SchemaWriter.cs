using Parquet.Meta;

namespace Parquet.Schema;

/// <summary>Lists fields as the footer has them.</summary>
internal static class SchemaWriter
{
    public static List<SchemaElement> Write(ParquetSchema schema)
    {
        var elements = new List<SchemaElement> { new() { Name = "root", Children = schema.Fields.Count } };
        foreach (var field in schema.Fields) Write(field, elements);
        return elements;
    }

    private static void Write(Field field, List<SchemaElement> elements)
    {
        var repetition = field.IsNullable ? Repetition.Optional : Repetition.Required;
        switch (field)
        {
            case DataField data:
                elements.Add(new() { Name = data.Name, Type = data.Column.Physical, Logical = data.Column.Logical, Length = data.Column.Length, Repetition = repetition });
                break;
            case StructField group:
                elements.Add(new() { Name = group.Name, Children = group.Fields.Count, Repetition = repetition });
                foreach (var member in group.Fields) Write(member, elements);
                break;
            case ListField { Containers: [var container] } list:
                elements.Add(new() { Name = list.Name, Children = 1, Logical = LogicalType.List, Repetition = repetition });
                elements.Add(new() { Name = container, Children = 1, Repetition = Repetition.Repeated });
                Write(list.Item, elements);
                break;
            default:
                throw new NotSupportedException($"the field '{field.Name}' has a form that only old writers made and cannot be written");
        }
    }
}
