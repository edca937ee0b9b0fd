using Parquet.Columns;
using Parquet.Schema;

namespace Parquet.Serialization;

/// <summary>Whole rows: dictionaries by field name, or objects by property.</summary>
public static class ParquetSerializer
{
    private const int DefaultRowGroupSize = 1_000_000;

    /// <summary>Writes rows; structs are dictionaries, lists are enumerable. The rows are enumerated once, a row group at a time.</summary>
    public static async Task SerializeUntypedAsync(
        IReadOnlyCollection<IDictionary<string, object?>> data, ParquetSchema schema, Stream destination, ParquetOptions? options = null, CancellationToken cancellationToken = default) =>
        await WriteAsync(data, schema, destination, options, cancellationToken).ConfigureAwait(false);

    /// <summary>Writes objects by their public properties.</summary>
    public static async Task<ParquetSchema> SerializeAsync<T>(
        IEnumerable<T> objectInstances, Stream destination, ParquetOptions? options = null, CancellationToken cancellationToken = default)
    {
        var schema = new ParquetSchema(TypedRows.Fields(typeof(T)));
        await WriteAsync(objectInstances.Select(instance => TypedRows.Members(instance!)), schema, destination, options, cancellationToken).ConfigureAwait(false);
        return schema;
    }

    /// <summary>Reads rows: structs become dictionaries, lists become lists. One row group where its index is given, all otherwise.</summary>
    public static async Task<DeserializationResult<Dictionary<string, object>>> DeserializeUntypedAsync(
        Stream source, ParquetOptions? options = null, int? rowGroupIndex = null, CancellationToken cancellationToken = default)
    {
        var reader = await ParquetReader.CreateAsync(source, options, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using var closing = reader.ConfigureAwait(false);
        var rows = new List<Dictionary<string, object>>();
        var (first, last) = rowGroupIndex is { } one ? (one, one + 1) : (0, reader.RowGroupCount);
        for (var i = first; i < last; i++)
        {
            using var group = reader.OpenRowGroupReader(i);
            await ReadAsync(reader.Schema, group, rows, cancellationToken).ConfigureAwait(false);
        }

        return new DeserializationResult<Dictionary<string, object>>(rows, reader.Schema);
    }

    /// <summary>Reads objects by their public properties; columns that are no property are passed over.</summary>
    public static async Task<DeserializationResult<T>> DeserializeAsync<T>(
        Stream source, ParquetOptions? options = null, int? rowGroupIndex = null, CancellationToken cancellationToken = default)
        where T : class, new()
    {
        var rows = await DeserializeUntypedAsync(source, options, rowGroupIndex, cancellationToken).ConfigureAwait(false);
        return new DeserializationResult<T>([.. rows.Data.Select(row => (T)TypedRows.Instance(typeof(T), row))], rows.Schema);
    }

    private static async Task WriteAsync(
        IEnumerable<IDictionary<string, object?>> data, ParquetSchema schema, Stream destination, ParquetOptions? options, CancellationToken cancellationToken)
    {
        var writer = await ParquetWriter.CreateAsync(schema, destination, options, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using var closing = writer.ConfigureAwait(false);
        var rows = data.GetEnumerator();
        using var ending = rows;
        for (var more = rows.MoveNext(); more;)
        {
            var shredder = new RowShredder(schema);
            for (var count = options?.RowGroupSize ?? DefaultRowGroupSize; more && count > 0; count--, more = rows.MoveNext()) shredder.Add(rows.Current);
            using var group = writer.CreateRowGroup();
            foreach (var column in shredder.Columns()) await group.WriteAsync(column, [], cancellationToken).ConfigureAwait(false);
            group.CompleteValidate();
        }
    }

    private static async Task ReadAsync(ParquetSchema schema, ParquetRowGroupReader group, List<Dictionary<string, object>> rows, CancellationToken cancellationToken)
    {
        var columns = new List<ColumnData>();
        foreach (var field in schema.DataFields) columns.Add(await group.ReadColumnAsync(field, cancellationToken).ConfigureAwait(false));
        var assembler = new RowAssembler(schema, columns);
        for (var row = 0L; row < group.RowCount; row++)
        {
            try
            {
                rows.Add(assembler.Row());
            }
            catch (ParquetException error)
            {
                throw new ParquetException($"{group.Place(schema.DataFields[0])} and others, row {row}: {error.Message}", error);
            }
        }
    }
}
