namespace Parquet.Schema;

/// <summary>A list of values, structs or lists.</summary>
public class ListField : Field
{
    // The names of the groups between the list and its item. The standard has one, called "list"; where older writers
    // made the item itself repeated there is none; null where no group stands around the repeated item either.
    private readonly string[]? containers;

    public ListField(string name, Field item)
        : this(name, item, ["list"]) => IsNullable = true;

    internal ListField(string name, Field item, string[]? containers)
        : base(name, SchemaType.List, isNullable: false) => (Item, this.containers) = (item, containers);

    public Field Item { get; }

    /// <summary>The level at which the list has an element.</summary>
    internal int ElementLevel => MaxDefinitionLevel + 1;

    internal override IEnumerable<DataField> Leaves => Item.Leaves;

    internal IReadOnlyList<string>? Containers => containers;

    internal override void Attach(FieldPath parent, int definition, int repetition)
    {
        Path = containers is null ? parent : parent.Append(Name);
        MaxDefinitionLevel = definition + (IsNullable ? 1 : 0);
        MaxRepetitionLevel = repetition + 1;
        Item.Attach(Path.Append(containers ?? []), ElementLevel, MaxRepetitionLevel);
    }
}
