namespace Parquet.Schema;

/// <summary>Several fields as one.</summary>
public class StructField : Field
{
    public StructField(string name, params Field[] elements)
        : base(name, SchemaType.Struct, isNullable: true)
    {
        if (elements.Length == 0) throw new ArgumentException($"the struct '{name}' has no fields", nameof(elements));
        var twice = elements.GroupBy(field => field.Name).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null) throw new ArgumentException($"the struct '{name}' has the field '{twice.Key}' twice", nameof(elements));
        Fields = [.. elements];
    }

    public IReadOnlyList<Field> Fields { get; }

    internal override IEnumerable<DataField> Leaves => Fields.SelectMany(member => member.Leaves);

    internal override void Attach(FieldPath parent, int definition, int repetition)
    {
        Path = parent.Append(Name);
        MaxDefinitionLevel = definition + (IsNullable ? 1 : 0);
        MaxRepetitionLevel = repetition;
        foreach (var field in Fields) field.Attach(Path, MaxDefinitionLevel, repetition);
    }
}
