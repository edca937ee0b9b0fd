using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace Rlhf.Foundation.Data;

/// <summary>The rows of a Parquet file, one row group in memory at a time.</summary>
internal static class ParquetRows
{
    /// <summary>
    /// A few bytes of a run may stand for a billion nulls: a column of a row group may have so many entries, all columns together
    /// so many, and more for each byte of their file. All are beyond what writers make.
    /// </summary>
    private const long PlausibleEntries = 1_000_000, PlausibleInAll = 4_000_000, PlausibleEntriesPerByte = 16;

    /// <summary>How often a whole file may be read: its parts are read once, and what lies close together more often.</summary>
    private const int Readings = 8;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IEnumerable<Row> Read(FileStream file, string path, Action<RowDefect>? onDefect)
    {
        var origin = new RowOrigin(path, "row");
        var parser = new RowParser(origin);
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Plain);
        var stream = new ReluctantStream(file, Readings * file.Length);
        var reader = Guard(path, () =>
        {
            ParquetPages.CheckFooter(file);
            return ParquetReader.CreateAsync(stream, leaveStreamOpen: true).GetAwaiter().GetResult();
        });
        try
        {
            var schema = Guard(path, () => reader.Schema);
            long number = 0;
            for (var group = 0; group < reader.RowGroupCount; group++)
            {
                var index = group;
                using var rows = Guard(path, () => reader.OpenRowGroupReader(index));
                var columns = Guard(path, () => ColumnsAsync(rows, schema, file).GetAwaiter().GetResult());
                try
                {
                    var writer = new ParquetJson(json, columns);
                    for (long i = 0; i < rows.RowCount; i++)
                    {
                        number++;
                        buffer.ResetWrittenCount();
                        json.Reset();
                        var text = Guard(path, () =>
                        {
                            writer.WriteRow(schema.Fields);
                            json.Flush();
                            return buffer.WrittenSpan.ToArray();
                        });
                        if (parser.Parse(text, number, onDefect) is { } row) yield return row;
                    }
                }
                finally
                {
                    foreach (var column in columns.Values) column.Dispose();
                }
            }
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static async Task<Dictionary<FieldPath, ParquetColumn>> ColumnsAsync(ParquetRowGroupReader rows, ParquetSchema schema, FileStream file)
    {
        var columns = new Dictionary<FieldPath, ParquetColumn>();
        if (schema.DataFields.Length == 0) throw new InvalidDataException("it has no columns");
        var inAll = 0L;
        foreach (var field in schema.DataFields)
        {
            var column = rows.GetMetadata(field)?.MetaData ?? throw new InvalidDataException($"column '{field.Path}' is missing from a row group");
            if (column.NumValues < 0 || column.NumValues > PlausibleEntries + PlausibleEntriesPerByte * file.Length)
                throw new InvalidDataException($"column '{field.Path}' is said to have {column.NumValues} entries, which is not plausible for a file of {file.Length} bytes");
            inAll += column.NumValues;
            if (inAll > PlausibleInAll + PlausibleEntriesPerByte * file.Length)
                throw new InvalidDataException($"its columns are said to have {inAll} entries in one row group, which is not plausible for a file of {file.Length} bytes");
            ParquetPages.Check(file, column);
            columns.Add(field.Path, ParquetColumn.Of(field, await rows.ReadRawColumnDataBaseAsync(field).ConfigureAwait(false)));
        }

        return columns;
    }

    // What the package throws on a damaged file is of a dozen kinds.
    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is not (OutOfMemoryException or RlhfException))
        {
            throw new RlhfException(error is NotImplementedException
                ? $"{path}: lists in data pages of version 2 cannot be read; write the file with pages of version 1, which is what pyarrow, DuckDB and Polars do unless told otherwise"
                : $"{path}: not a whole Parquet file: {error.Message}", error);
        }
    }
}
