namespace Parquet.Schema;

/// <summary>The fields of a file.</summary>
public class ParquetSchema
{
    public ParquetSchema(IEnumerable<Field> fields)
    {
        Fields = [.. fields];
        if (Fields.Count == 0) throw new ArgumentException("a schema needs at least one field", nameof(fields));
        var twice = Fields.GroupBy(field => field.Name).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null) throw new ArgumentException($"the schema has the field '{twice.Key}' twice", nameof(fields));
        foreach (var field in Fields) field.Attach(new FieldPath(), 0, 0);
        DataFields = [.. Fields.SelectMany(field => field.Leaves)];
    }

    public ParquetSchema(params Field[] fields) : this((IEnumerable<Field>)fields) { }

    public IReadOnlyList<Field> Fields { get; }

    /// <summary>The columns: every field that holds values, depth first.</summary>
    public DataField[] DataFields { get; }

    public Field this[string name] => Fields.FirstOrDefault(field => field.Name == name)
        ?? throw new ArgumentException($"the schema has no field '{name}'; it has {string.Join(", ", Fields.Select(field => field.Name))}", nameof(name));

    public DataField[] GetDataFields() => DataFields;
}
