using Parquet.Schema;

namespace Parquet.Columns;

/// <summary>A column of a row group, unpacked: the values that are there, and the levels that say where the others lack.</summary>
internal abstract class ColumnData(DataField field, int count, byte[] definitions, byte[] repetitions)
{
    public DataField Field { get; } = field;

    /// <summary>Values and places where one lacks.</summary>
    public int Count { get; } = count;

    /// <summary>One per place, or none in a column where nothing can lack.</summary>
    public byte[] Definitions { get; } = definitions;

    /// <summary>One per place, or none in a column outside lists.</summary>
    public byte[] Repetitions { get; } = repetitions;

    /// <summary>The value at a position among those that are there.</summary>
    public abstract object Value(int index);
}

internal sealed class ColumnData<T>(DataField field, int count, byte[] definitions, byte[] repetitions, T[] values)
    : ColumnData(field, count, definitions, repetitions) where T : notnull
{
    public T[] Values { get; } = values;

    public override object Value(int index) => Values[index];
}
