using Parquet.Data;
using Parquet.Schema;

namespace Rlhf.Foundation.Data;

/// <summary>One column of a row group as Parquet holds it (Melnik et al. 2010): values with the levels that say which list they belong to and how much of their path is there.</summary>
internal abstract class ParquetColumn(DataField field, RawColumnData levels) : IDisposable
{
    private readonly bool _hasDefinitions = field.MaxDefinitionLevel > 0;
    private readonly bool _hasRepetitions = field.MaxRepetitionLevel > 0;
    private int _place;
    private int _value;

    /// <summary>Whether an entry is left.</summary>
    public bool HasNext => _place < Count;

    /// <summary>How much of the path is there at the present entry.</summary>
    public int Definition => _hasDefinitions ? levels.DefinitionLevels[Checked(_place)] : 0;

    /// <summary>The list, counted from outside, that the present entry goes on with; 0 begins a row.</summary>
    public int Repetition => _hasRepetitions ? levels.RepetitionLevels[Checked(_place)] : 0;

    private int Count => _hasDefinitions ? levels.DefinitionLevels.Length : _hasRepetitions ? levels.RepetitionLevels.Length : Values;

    /// <summary>How many values there are; entries without one have only levels.</summary>
    protected abstract int Values { get; }

    /// <summary>The column of a field with what was read of it.</summary>
    public static ParquetColumn Of(DataField field, RawColumnData data) =>
        (ParquetColumn)Activator.CreateInstance(typeof(Typed<>).MakeGenericType(field.ClrType), field, data)!;

    /// <summary>The present entry's value, null where its path is not all there, and on to the next entry.</summary>
    public object? Take()
    {
        var isThere = Definition == field.MaxDefinitionLevel;
        Checked(_place++);
        return isThere ? Value(_value < Values ? _value++ : throw Damaged()) : null;
    }

    public void Dispose() => levels.Dispose();

    protected abstract object Value(int index);

    private int Checked(int place) => place < Count ? place : throw Damaged();

    private InvalidDataException Damaged() => new($"column '{field.Path}' has fewer entries than its row group has rows");

    private sealed class Typed<T>(DataField field, RawColumnData<T> data) : ParquetColumn(field, data) where T : struct
    {
        protected override int Values => data.Values.Length;

        protected override object Value(int index) => data.Values[index];
    }
}
