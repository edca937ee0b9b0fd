using Parquet.Columns;
using Parquet.Schema;

namespace Parquet.Serialization;

/// <summary>Gathers the values and levels of a column, row by row.</summary>
internal abstract class ColumnBuilder(DataField field)
{
    protected List<byte> Definitions { get; } = [];

    protected List<byte> Repetitions { get; } = [];

    protected int Count { get; private set; }

    protected DataField Field { get; } = field;

    public void Add(object? value, int repetition, int definition)
    {
        if (Field.MaxRepetitionLevel > 0) Repetitions.Add((byte)repetition);
        if (Field.MaxDefinitionLevel > 0) Definitions.Add((byte)definition);
        Count++;
        if (value is not null) AddValue(value);
    }

    public abstract ColumnData Finish();

    public static ColumnBuilder Of(DataField field) => field.ClrType switch
    {
        var type when type == typeof(bool) => new ColumnBuilder<bool>(field),
        var type when type == typeof(int) => new ColumnBuilder<int>(field),
        var type when type == typeof(long) => new ColumnBuilder<long>(field),
        var type when type == typeof(float) => new ColumnBuilder<float>(field),
        var type when type == typeof(double) => new ColumnBuilder<double>(field),
        var type when type == typeof(string) => new ColumnBuilder<string>(field),
        var type when type == typeof(byte[]) => new ColumnBuilder<byte[]>(field),
        var type => throw new NotSupportedException($"the column '{field.Path}' holds {type.Name}, which cannot be written"),
    };

    protected abstract void AddValue(object value);
}

internal sealed class ColumnBuilder<T>(DataField field) : ColumnBuilder(field) where T : notnull
{
    private readonly List<T> values = [];

    public override ColumnData Finish() => new ColumnData<T>(Field, Count, [.. Definitions], [.. Repetitions], [.. values]);

    protected override void AddValue(object value) => values.Add(value is T typed
        ? typed
        : throw new ArgumentException($"the column '{Field.Path}' holds {typeof(T).Name}, not {value.GetType().Name}", nameof(value)));
}
