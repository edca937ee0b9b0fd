namespace Parquet.Schema;

/// <summary>A node of the schema.</summary>
public abstract class Field
{
    private protected Field(string name, SchemaType schemaType, bool isNullable) =>
        (Name, SchemaType, IsNullable, Path) = (name, schemaType, isNullable, new FieldPath(name));

    public string Name { get; }

    public SchemaType SchemaType { get; }

    public bool IsNullable { get; internal set; }

    /// <summary>The names from the root down, with those of the groups that lists are made of.</summary>
    public FieldPath Path { get; private protected set; }

    /// <summary>The level at which the field itself is there.</summary>
    public int MaxDefinitionLevel { get; private protected set; }

    /// <summary>How many lists stand around the field, itself included.</summary>
    public int MaxRepetitionLevel { get; private protected set; }

    /// <summary>The columns under this field, in the order of the file.</summary>
    internal abstract IEnumerable<DataField> Leaves { get; }

    /// <summary>Gives the field its path and levels, and those below it.</summary>
    internal abstract void Attach(FieldPath parent, int definition, int repetition);

    public override string ToString() => $"{Path} ({SchemaType})";
}
