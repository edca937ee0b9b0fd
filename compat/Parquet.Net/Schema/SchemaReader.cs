using Parquet.Meta;

namespace Parquet.Schema;

/// <summary>Makes fields of the footer's flat list of schema elements.</summary>
internal sealed class SchemaReader(IReadOnlyList<SchemaElement> elements, ParquetOptions options)
{
    private const int MaxDepth = 100;
    private int next;

    public static ParquetSchema Read(IReadOnlyList<SchemaElement> elements, ParquetOptions options)
    {
        if (elements.Count == 0) throw new ParquetException("the footer holds no schema");
        var reader = new SchemaReader(elements, options) { next = 1 };
        try
        {
            var fields = new List<Field>();
            for (var i = 0; i < elements[0].Children; i++) fields.Add(reader.Node(1));
            if (reader.next != elements.Count) throw new ParquetException($"the schema lists {elements.Count} elements and uses {reader.next}");
            return new ParquetSchema(fields);
        }
        catch (ArgumentException error)
        {
            throw new ParquetException($"the schema is not valid: {error.Message}", error);
        }
    }

    private SchemaElement Take(int depth)
    {
        if (next == elements.Count) throw new ParquetException("the schema ends early");
        if (depth > MaxDepth) throw new ParquetException($"the schema nests deeper than {MaxDepth}");
        var element = elements[next++];
        if (element.Children <= 0 && element.Type is null) throw new ParquetException($"the field '{element.Name}' has neither a type nor fields");
        if (element.Children > elements.Count - next) throw new ParquetException($"the field '{element.Name}' declares {element.Children} fields, the schema lists {elements.Count - next} more");
        return element;
    }

    private Field Node(int depth)
    {
        var element = Take(depth);
        // A repeated node outside a list annotation is a list of required elements.
        return element.Repetition == Repetition.Repeated
            ? new ListField(element.Name, Plain(element, depth, nullable: false), containers: null)
            : Plain(element, depth, element.Repetition == Repetition.Optional);
    }

    private Field Plain(SchemaElement element, int depth, bool nullable)
    {
        if (element.Children <= 0) return Data(element, nullable);
        if (element.Children == 1 && element.Logical is LogicalType.List or LogicalType.Map && next < elements.Count && elements[next].Repetition == Repetition.Repeated)
            return List(element, depth, nullable);
        return Struct(element, depth, nullable);
    }

    private StructField Struct(SchemaElement element, int depth, bool nullable)
    {
        var fields = new Field[element.Children];
        for (var i = 0; i < fields.Length; i++) fields[i] = Node(depth + 1);
        return new StructField(element.Name, fields) { IsNullable = nullable };
    }

    /// <summary>Lists as the standard has them (a repeated group around the item), and as older writers made them (the repeated node is the item).</summary>
    private ListField List(SchemaElement element, int depth, bool nullable)
    {
        var repeated = Take(depth + 1);
        var isItem = repeated.Children != 1
            || repeated.Name == "array" || repeated.Name == element.Name + "_tuple"
            || (next < elements.Count && elements[next].Repetition == Repetition.Repeated)
            || element.Logical == LogicalType.Map;
        return isItem
            ? new ListField(element.Name, Plain(repeated, depth + 1, nullable: false), []) { IsNullable = nullable }
            : new ListField(element.Name, Node(depth + 2), [repeated.Name]) { IsNullable = nullable };
    }

    private DataField Data(SchemaElement element, bool nullable)
    {
        var type = element.Type!.Value;
        if (type == PhysicalType.FixedLenByteArray && element.Length <= 0)
            throw new ParquetException($"the field '{element.Name}' declares values of {element.Length} bytes");
        var logical = options.TreatByteArrayAsString && type == PhysicalType.ByteArray && element.Logical == LogicalType.None
            ? LogicalType.String
            : element.Logical;
        return new DataField(element.Name, new ColumnType(type, logical, element.Length, element.Scale), nullable);
    }
}
