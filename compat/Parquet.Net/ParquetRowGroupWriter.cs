using Parquet.Columns;
using Parquet.Meta;
using Parquet.Schema;

namespace Parquet;

/// <summary>Writes the columns of a row group.</summary>
public class ParquetRowGroupWriter : IDisposable
{
    private readonly ParquetSchema schema;
    private readonly Stream stream;
    private readonly ParquetOptions options;
    private readonly Action<RowGroup> finish;
    private readonly List<ColumnChunk> chunks = [];
    private long? rows;

    internal ParquetRowGroupWriter(ParquetSchema schema, Stream stream, ParquetOptions options, Action<RowGroup> finish) =>
        (this.schema, this.stream, this.options, this.finish) = (schema, stream, options, finish);

    /// <summary>Writes a column of values none of which lacks.</summary>
    public Task WriteAsync<T>(
        DataField field, ReadOnlyMemory<T> values, ReadOnlyMemory<int>? repetitionLevels = null, Dictionary<string, string>? customMetadata = null, CancellationToken cancellationToken = default)
        where T : struct
    {
        var isThere = new bool[values.Length];
        isThere.AsSpan().Fill(true);
        return WriteAsync(field, values.ToArray(), isThere, repetitionLevels, customMetadata, cancellationToken);
    }

    /// <summary>Writes a column of values some of which may lack.</summary>
    public Task WriteAsync<T>(
        DataField field, ReadOnlyMemory<T?> values, ReadOnlyMemory<int>? repetitionLevels = null, Dictionary<string, string>? customMetadata = null, CancellationToken cancellationToken = default)
        where T : struct
    {
        T?[] all = values.ToArray();
        return WriteAsync(field, [.. all.OfType<T>()], Array.ConvertAll(all, value => value.HasValue), repetitionLevels, customMetadata, cancellationToken);
    }

    /// <summary>Writes a column of text; null where a value lacks.</summary>
    public Task WriteAsync(DataField field, IReadOnlyCollection<string?> values, ReadOnlyMemory<int>? repetitionLevels = null) =>
        WriteAsync(field, values.OfType<string>().ToArray(), [.. values.Select(value => value is not null)], repetitionLevels, null, default);

    /// <summary>Throws where columns of the schema were not written.</summary>
    public void CompleteValidate()
    {
        if (chunks.Count < schema.DataFields.Length)
            throw new InvalidOperationException($"the row group lacks {string.Join(", ", schema.DataFields.Skip(chunks.Count).Select(field => field.Path))}");
    }

    public void Dispose()
    {
        if (chunks.Count == schema.DataFields.Length) finish(new RowGroup { Columns = chunks, Rows = rows ?? 0 });
        GC.SuppressFinalize(this);
    }

    internal async Task WriteAsync(ColumnData column, Dictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        var field = column.Field;
        if (chunks.Count == schema.DataFields.Length) throw new InvalidOperationException($"all {chunks.Count} columns are written; there is no place for '{field.Path}'");
        var expected = schema.DataFields[chunks.Count];
        if (expected != field) throw new ArgumentException($"the next column is '{expected.Path}', not '{field.Path}'", nameof(column));
        long count = column.Repetitions.Length == 0 ? column.Count : column.Repetitions.AsSpan().Count((byte)0);
        rows ??= count;
        if (rows != count) throw new InvalidOperationException($"the column '{field.Path}' has {count} rows, the row group {rows}");
        chunks.Add(await ColumnWriter.Of(column, stream, options).WriteAsync(metadata, cancellationToken).ConfigureAwait(false));
    }

    private Task WriteAsync<T>(
        DataField field, T[] values, bool[] isThere, ReadOnlyMemory<int>? repetitionLevels, Dictionary<string, string>? metadata, CancellationToken cancellationToken)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(field);
        if (field.ClrType != typeof(T)) throw new ArgumentException($"the column '{field.Path}' holds {field.ClrType.Name}, not {typeof(T).Name}", nameof(field));
        if (field.MaxRepetitionLevel > 0 != repetitionLevels.HasValue) throw new ArgumentException($"the column '{field.Path}' {(repetitionLevels.HasValue ? "stands in no list" : "stands in a list and needs repetition levels")}", nameof(repetitionLevels));
        if (repetitionLevels is { } given && given.Length != isThere.Length) throw new ArgumentException($"there are {given.Length} repetition levels for {isThere.Length} values", nameof(repetitionLevels));
        if (values.Length < isThere.Length && !field.IsNullable) throw new ArgumentException($"the column '{field.Path}' is not nullable and {isThere.Length - values.Length} values are null", nameof(values));
        byte[] definitions = field.MaxDefinitionLevel == 0 ? [] : Array.ConvertAll(isThere, there => (byte)(field.MaxDefinitionLevel - (there ? 0 : 1)));
        byte[] repetitions = repetitionLevels is { } levels ? Array.ConvertAll(levels.ToArray(), level => checked((byte)level)) : [];
        return WriteAsync(new ColumnData<T>(field, isThere.Length, definitions, repetitions, values), metadata ?? [], cancellationToken);
    }
}
