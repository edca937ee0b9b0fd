using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Data;

/// <summary>
/// Writes rows to a data file; the extension chooses the format. The file appears whole, with <see cref="Commit"/>, or
/// not at all: until then its content stands under a temporary name beside it.
/// </summary>
public sealed class RowWriter : IDisposable
{
    private const string Formats = ".jsonl, .json, either of them with .gz, and .parquet";
    private readonly string path;
    private readonly string temporary;
    private readonly FileStream file;
    private readonly IRowSink sink;
    private bool isCommitted;

    private RowWriter(string path, Func<Stream, string, IRowSink> makeSink)
    {
        (this.path, temporary) = (path, $"{path}.tmp");
        file = Guard(() => new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite));
        sink = makeSink(file, temporary);
    }

    /// <summary>Begins a file; one that is there stays as it is until <see cref="Commit"/>.</summary>
    public static RowWriter Create(string path) => new(path, Sink(path));

    /// <summary>How many rows were written.</summary>
    public long Count { get; private set; }

    public void Write(Row row)
    {
        Guard(() => sink.Write(row));
        Count++;
    }

    /// <summary>Brings the rows to disk and gives the file its name.</summary>
    public void Commit() => Guard(() =>
    {
        sink.Finish();
        file.Flush(flushToDisk: true);
        file.Dispose();
        File.Move(temporary, path, overwrite: true);
        Durable.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        isCommitted = true;
    });

    public void Dispose()
    {
        Close(sink);
        Close(file);
        if (!isCommitted) File.Delete(temporary);
    }

    /// <summary>Closing writes what is still in memory; that a full disk has no room for rows that are given up is no fault of its own.</summary>
    private void Close(IDisposable part)
    {
        try
        {
            part.Dispose();
        }
        catch (IOException) when (!isCommitted)
        {
        }
    }

    private static Func<Stream, string, IRowSink> Sink(string path)
    {
        var name = path.ToLowerInvariant();
        if (name.EndsWith(".parquet", StringComparison.Ordinal)) return (stream, temporary) => new ParquetSink(stream, $"{temporary}.rows");
        if (name.EndsWith(".jsonl.gz", StringComparison.Ordinal)) return (stream, _) => JsonSink.Lines(JsonSink.Packed(stream));
        if (name.EndsWith(".jsonl", StringComparison.Ordinal)) return (stream, _) => JsonSink.Lines(stream);
        if (name.EndsWith(".json.gz", StringComparison.Ordinal)) return (stream, _) => JsonSink.List(JsonSink.Packed(stream));
        if (name.EndsWith(".json", StringComparison.Ordinal)) return (stream, _) => JsonSink.List(stream);
        throw new RlhfException($"{path}: the extension names no format that can be written; there are {Formats}");
    }

    private void Guard(Action write) => Guard(() =>
    {
        write();
        return true;
    });

    private T Guard<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RlhfException($"{path} cannot be written: {error.Message}", error);
        }
    }
}
