using Parquet.Columns;

namespace Parquet.Serialization;

/// <summary>Walks over the places of a column.</summary>
internal sealed class LeafCursor(ColumnData column)
{
    private int place;
    private int next;

    public ColumnData Column { get; } = column;

    public bool IsAtEnd => place == Column.Count;

    /// <summary>How deep the place at hand is defined.</summary>
    public int Definition => IsAtEnd ? throw new ParquetException($"the column {Column.Field.Path} ends inside a row") : Column.Definitions.Length == 0 ? 0 : Column.Definitions[place];

    /// <summary>The list that the place at hand goes on with; 0 at the end, as where a row starts.</summary>
    public int Repetition => IsAtEnd || Column.Repetitions.Length == 0 ? 0 : Column.Repetitions[place];

    public void Pass() => place++;

    /// <summary>The value at hand, or null; passes on.</summary>
    public object? Take()
    {
        var isThere = Definition == Column.Field.MaxDefinitionLevel;
        place++;
        return isThere ? Column.Value(next++) : null;
    }
}
