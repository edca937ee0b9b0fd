using Parquet.Columns;
using Parquet.Meta;
using Parquet.Schema;

namespace Parquet;

/// <summary>Reads the columns of a row group.</summary>
public class ParquetRowGroupReader : IDisposable
{
    private readonly Stream stream;
    private readonly string file;
    private readonly int index;
    private readonly RowGroup group;
    private readonly Dictionary<FieldPath, ColumnChunk> chunks = [];

    internal ParquetRowGroupReader(Stream stream, string file, int index, RowGroup group)
    {
        (this.stream, this.file, this.index, this.group) = (stream, file, index, group);
        foreach (var column in group.Columns) chunks[new FieldPath(column.Path)] = column;
    }

    public long RowCount => group.Rows;

    public bool ColumnExists(DataField field) => chunks.ContainsKey(field.Path);

    /// <summary>Reads a column in which no value lacks.</summary>
    public async ValueTask ReadAsync<T>(DataField field, Memory<T> values, Memory<int>? repetitionLevels = null, CancellationToken cancellationToken = default)
        where T : struct
    {
        var column = await TypedAsync<T>(field, values.Length, repetitionLevels, cancellationToken).ConfigureAwait(false);
        if (column.Values.Length < column.Count) throw new ParquetException($"{Place(field)}: {column.Count - column.Values.Length} values lack; read it as {typeof(T).Name}?");
        column.Values.CopyTo(values);
    }

    /// <summary>Reads a column in which values may lack.</summary>
    public async ValueTask ReadAsync<T>(DataField field, Memory<T?> values, Memory<int>? repetitionLevels = null, CancellationToken cancellationToken = default)
        where T : struct
    {
        var column = await TypedAsync<T>(field, values.Length, repetitionLevels, cancellationToken).ConfigureAwait(false);
        for (int place = 0, next = 0; place < column.Count; place++)
            values.Span[place] = IsThere(column, place) ? column.Values[next++] : null;
    }

    /// <summary>Reads a column of text; null where a value lacks.</summary>
    public async ValueTask ReadAsync(DataField field, Memory<string> values, Memory<int>? repetitionLevels = null, CancellationToken cancellationToken = default)
    {
        var column = await TypedAsync<string>(field, values.Length, repetitionLevels, cancellationToken).ConfigureAwait(false);
        for (int place = 0, next = 0; place < column.Count; place++)
            values.Span[place] = IsThere(column, place) ? column.Values[next++] : null!;
    }

    public void Dispose() => GC.SuppressFinalize(this);

    internal async ValueTask<ColumnData> ReadColumnAsync(DataField field, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        if (!chunks.TryGetValue(field.Path, out var chunk)) throw new ParquetException($"{Place(field)}: there is no such column");
        var bytes = new byte[chunk.CompressedSize];
        stream.Position = chunk.Start;
        await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        try
        {
            return ColumnReader.Read(field, chunk, bytes, group.Rows, stream.Length);
        }
        catch (ParquetException error)
        {
            throw new ParquetException($"{Place(field)}: {error.Message}", error);
        }
    }

    internal string Place(DataField field) => $"{file}: row group {index}, column {field.Path}";

    private async ValueTask<ColumnData<T>> TypedAsync<T>(DataField field, int room, Memory<int>? repetitionLevels, CancellationToken cancellationToken)
        where T : notnull
    {
        if (field.ClrType != typeof(T)) throw new ArgumentException($"the column {field.Path} holds {field.ClrType.Name}, not {typeof(T).Name}", nameof(field));
        var column = (ColumnData<T>)await ReadColumnAsync(field, cancellationToken).ConfigureAwait(false);
        if (room < column.Count) throw new ArgumentException($"the column {field.Path} holds {column.Count} values; there is room for {room}", nameof(room));
        if (repetitionLevels is { } levels)
            for (var i = 0; i < column.Repetitions.Length; i++) levels.Span[i] = column.Repetitions[i];
        return column;
    }

    private static bool IsThere(ColumnData column, int place) =>
        column.Definitions.Length == 0 || column.Definitions[place] == column.Field.MaxDefinitionLevel;
}
