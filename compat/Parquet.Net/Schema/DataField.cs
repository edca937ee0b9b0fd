namespace Parquet.Schema;

/// <summary>A column of values.</summary>
public class DataField : Field
{
    public DataField(string name, Type clrType, bool? isNullable = null)
        : base(name, SchemaType.Data, isNullable ?? IsNullableByNature(clrType))
    {
        ClrType = Nullable.GetUnderlyingType(clrType) ?? clrType;
        Column = ColumnType.Of(ClrType);
    }

    internal DataField(string name, ColumnType column, bool isNullable)
        : base(name, SchemaType.Data, isNullable) => (ClrType, Column) = (column.Clr, column);

    /// <summary>The type of values, without the <c>?</c> of nullable ones.</summary>
    public Type ClrType { get; }

    /// <summary>How the values lie in the file.</summary>
    internal ColumnType Column { get; }

    internal override IEnumerable<DataField> Leaves => [this];

    internal override void Attach(FieldPath parent, int definition, int repetition)
    {
        Path = parent.Append(Name);
        MaxDefinitionLevel = definition + (IsNullable ? 1 : 0);
        MaxRepetitionLevel = repetition;
    }

    private static bool IsNullableByNature(Type type) => !type.IsValueType || Nullable.GetUnderlyingType(type) is not null;
}

/// <summary>A column of values of a type known in the code.</summary>
public class DataField<T>(string name, bool? nullable = null) : DataField(name, typeof(T), nullable);
