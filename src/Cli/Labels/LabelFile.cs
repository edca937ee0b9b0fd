using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;

namespace Rlhf.Cli.Labels;

/// <summary>
/// A file of labels that only grows, by one process at a time. What <see cref="Append"/> has taken is on disk when it
/// returns; a line that a crash cut short was never promised to anybody and is dropped when the file is opened again.
/// </summary>
internal sealed class LabelFile : IDisposable
{
    private static readonly JsonSerializerOptions s_json = new(JsonText.Lines) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly FileStream _lock;
    private readonly FileStream _stream;

    private LabelFile(string path, FileStream held, Action<string> warn)
    {
        (Path, _lock) = (path, held);
        var isNew = !File.Exists(path);
        _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        if (isNew) Durable.FlushFolder(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        Entries = Load(warn);
    }

    public string Path { get; }

    /// <summary>What the file held when it was opened, in order.</summary>
    public IReadOnlyList<LabelEntry> Entries { get; }

    /// <exception cref="RlhfException">Another process writes it, or a line of it is no label.</exception>
    public static LabelFile Open(string path, Action<string> warn)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        var held = Take($"{path}.lock", path);
        try
        {
            return new LabelFile(path, held, warn);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The entries of a file that somebody may be writing.</summary>
    public static IReadOnlyList<LabelEntry> Read(string path) => Parse(path, File.ReadAllBytes(path)).Entries;

    /// <summary>Adds an entry and brings it to disk; where that fails the file is as it was.</summary>
    public void Append(LabelEntry entry)
    {
        var end = _stream.Length;
        try
        {
            _stream.Position = end;
            _stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(entry, s_json) + "\n"));
            _stream.Flush(flushToDisk: true);
        }
        catch (IOException error)
        {
            _stream.SetLength(end);
            throw new RlhfException(Durable.IsDiskFull(error) ? $"{Path}: the disk is full; the label was not kept" : $"{Path} cannot be written ({error.Message}); the label was not kept", error);
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _lock.Dispose();
    }

    // The operating system lets go of it when the process ends, however it ends. The labels themselves stay readable.
    private static FileStream Take(string path, string labels)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (Durable.IsInUse(error))
        {
            throw new RlhfException($"{labels} is being written by another server; stop that one, or choose another file with label.file=…", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RlhfException($"{labels} cannot be written ({error.Message}); choose another file with label.file=…", error);
        }
    }

    private IReadOnlyList<LabelEntry> Load(Action<string> warn)
    {
        var bytes = new byte[_stream.Length];
        _stream.ReadExactly(bytes);
        var (entries, whole) = Parse(Path, bytes);
        if (whole < bytes.Length)
        {
            warn($"{Path}: its last line was cut short and is dropped; nobody was told that it was kept");
            _stream.SetLength(whole);
            _stream.Flush(flushToDisk: true);
        }

        return entries;
    }

    /// <returns>The entries, and where the last whole line ends.</returns>
    private static (IReadOnlyList<LabelEntry> Entries, int Whole) Parse(string path, ReadOnlySpan<byte> bytes)
    {
        var entries = new List<LabelEntry>();
        var start = 0;
        for (var line = 1; bytes[start..].IndexOf((byte)'\n') is var length && length >= 0; line++)
        {
            try
            {
                entries.Add(JsonSerializer.Deserialize<LabelEntry>(bytes.Slice(start, length), s_json) ?? throw new JsonException("null"));
            }
            catch (JsonException error)
            {
                throw new RlhfException($"{path}: line {line} is no label ({error.Message.ReplaceLineEndings(" ")}); mend or remove it, or choose another file", error);
            }

            start += length + 1;
        }

        return (entries, start);
    }
}
