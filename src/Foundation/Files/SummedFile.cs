using System.Text;
using System.Text.Json;

namespace Rlhf.Foundation.Files;

/// <summary>
/// A file of JSON lines with sums that only grows, such as a cache: what a crash cut short is dropped, what a disk has changed is not
/// believed. One process at a time has it; another one waits.
/// </summary>
/// <typeparam name="T">a line</typeparam>
internal sealed class SummedFile<T> : IDisposable where T : class
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly FileStream _file;

    /// <param name="path">made where it is missing, its folder too</param>
    /// <param name="isWhole">whether a line has all that it should</param>
    /// <param name="read">takes each line that is there, in their order</param>
    /// <param name="stop">ends the wait for another process that has the file</param>
    public SummedFile(string path, Func<T, bool> isWhole, Action<T> read, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = Wait(path, stop);
        try
        {
            Read(isWhole, read);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The line is on disk when this returns.</summary>
    public void Add(T line)
    {
        _file.Write(Encoding.UTF8.GetBytes(SummedLine.Of(JsonSerializer.Serialize(line, JsonText.Lines)) + "\n"));
        _file.Flush(flushToDisk: true);
    }

    public void Dispose() => _file.Dispose();

    private static FileStream Wait(string path, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (Durable.IsInUse(error) && !stop.IsCancellationRequested)
            {
                stop.WaitHandle.WaitOne(s_pause);
            }
        }
    }

    private void Read(Func<T, bool> isWhole, Action<T> read)
    {
        var text = new byte[_file.Length];
        _file.ReadExactly(text);
        var whole = Array.LastIndexOf(text, (byte)'\n') + 1;
        foreach (var line in Encoding.UTF8.GetString(text, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                if (!SummedLine.Holds(line)) throw new JsonException("a line differs from its checksum");
                if (JsonSerializer.Deserialize<T>(line, JsonText.Lines) is not { } found || !isWhole(found)) throw new JsonException("a line lacks what it should have");
                read(found);
            }
            catch (JsonException error)
            {
                throw new RlhfException($"{_file.Name}: damaged ({error.Message.TrimEnd('.')}); delete it, and what it held is computed again", error);
            }
        }

        _file.SetLength(whole);
        _file.Seek(0, SeekOrigin.End);
    }
}
