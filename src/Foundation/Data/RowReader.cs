using System.IO.Compression;

namespace Rlhf.Foundation.Data;

/// <summary>
/// Reads the rows of a data file one after another, in bounded memory: JSON Lines, a JSON list of objects,
/// either of them gzip-compressed, or Parquet. The content decides; the extension only sharpens the errors.
/// </summary>
public static class RowReader
{
    /// <summary>The rows of a file; the first one that cannot be read ends it with an error.</summary>
    public static IEnumerable<Row> Read(string path) => Open(path, onDefect: null);

    /// <summary>The rows of a file; lines that are no row go to <paramref name="onDefect"/> and are passed over.</summary>
    public static IEnumerable<Row> Read(string path, Action<RowDefect> onDefect) => Open(path, onDefect);

    private static IEnumerable<Row> Open(string path, Action<RowDefect>? onDefect)
    {
        using var file = OpenFile(path);
        var magic = Magic(file);
        if (magic.AsSpan().SequenceEqual("PAR1"u8))
        {
            foreach (var row in ParquetRows.Read(file, path, onDefect)) yield return row;
        }
        else if (magic is [0x1f, 0x8b, ..])
        {
            using var unpacked = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
            foreach (var row in Json(unpacked, path, onDefect)) yield return row;
        }
        else
        {
            foreach (var row in Json(file, path, onDefect)) yield return row;
        }
    }

    private static FileStream OpenFile(string path)
    {
        if (Directory.Exists(path)) throw new RlhfException($"{path} is a folder; name a .jsonl, .json or .parquet file in it");
        try
        {
            // The chunk buffer reads in large pieces; a second buffer would only copy.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RlhfException($"{path}: there is no such file (from {Environment.CurrentDirectory})", error);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new RlhfException($"{path} cannot be opened: {error.Message}", error);
        }
    }

    private static byte[] Magic(FileStream file)
    {
        var magic = new byte[4];
        var read = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        file.Position = 0;
        return magic[..read];
    }

    private static IEnumerable<Row> Json(Stream stream, string path, Action<RowDefect>? onDefect)
    {
        var buffer = new ChunkBuffer(stream, path);
        while (buffer.Pending.Length < DataFormats.Prefix && buffer.Fill(1)) { }
        if (buffer.Pending.IsEmpty) throw new RlhfException($"{path} is empty");
        if (buffer.Pending.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf])) buffer.Take(3);
        var origin = new RowOrigin(path, "line");
        return DataFormats.Recognise(buffer.Pending, path) switch
        {
            DataFormat.JsonArray => new JsonArrayRows(buffer, origin).Read(onDefect),
            DataFormat.JsonLines => JsonLines.Read(buffer, origin, onDefect),
            _ => throw new RlhfException($"{path} is a Parquet file inside gzip: unpack it first"),
        };
    }
}
