using System.Collections;
using System.IO.Compression;
using System.Text.Json;
using Parquet;
using Parquet.Schema;
using Parquet.Serialization;

namespace Rlhf.Foundation.Data;

/// <summary>
/// Rows as Parquet. Its schema stands before the rows are known, so they wait in a file of JSON lines until the last one
/// is there: the schema is then right for all of them, whatever the first ones left open, and memory stays bounded.
/// </summary>
internal sealed class ParquetSink : IRowSink
{
    private const int RowGroupSize = 20_000;
    private readonly Stream target;
    private readonly string waitingPath;
    private readonly FileStream waitingFile;
    private readonly JsonSink waiting;
    private readonly List<string> names = [];
    private readonly Dictionary<string, ColumnShape> shapes = [];
    private int count;

    public ParquetSink(Stream target, string waitingPath)
    {
        (this.target, this.waitingPath) = (target, waitingPath);
        waitingFile = new FileStream(waitingPath, FileMode.Create, FileAccess.Write);
        waiting = JsonSink.Lines(waitingFile);
    }

    public void Write(Row row)
    {
        using var json = JsonDocument.Parse(row.Json);
        foreach (var column in json.RootElement.EnumerateObject())
        {
            if (!shapes.TryGetValue(column.Name, out var shape))
            {
                shapes.Add(column.Name, shape = new ColumnShape());
                names.Add(column.Name);
            }

            if (!shape.TryAdd(column.Value))
                throw new RlhfException($"{row.Place}: column '{column.Name}' holds a value that does not fit those of the rows before it; a Parquet column holds values of one kind, so write .jsonl, or mend the data");
        }

        waiting.Write(row);
        count = checked(count + 1);
    }

    public void Finish()
    {
        if (names.Count == 0) throw new RlhfException("there are no rows to write, so the columns of a Parquet file are not known");
        waiting.Finish();
        waitingFile.Dispose();
        var schema = new ParquetSchema(names.Select(name => shapes[name].Field(name)));
        // The package would pack as small as it can, which takes it twenty times as long.
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.Zstd, CompressionLevel = CompressionLevel.Optimal, RowGroupSize = RowGroupSize };
        ParquetSerializer.SerializeUntypedAsync(new WaitingRows(waitingPath, count, shapes), schema, target, options).GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        try
        {
            waitingFile.Dispose();
        }
        finally
        {
            File.Delete(waitingPath);
        }
    }

    /// <summary>The rows that wait, read as they are asked for.</summary>
    private sealed class WaitingRows(string path, int count, Dictionary<string, ColumnShape> shapes) : IReadOnlyCollection<IDictionary<string, object?>>
    {
        public int Count => count;

        public IEnumerator<IDictionary<string, object?>> GetEnumerator()
        {
            foreach (var row in RowReader.Read(path))
            {
                using var json = JsonDocument.Parse(row.Json);
                yield return json.RootElement.EnumerateObject().ToDictionary(column => column.Name, column => shapes[column.Name].Value(column.Value));
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
