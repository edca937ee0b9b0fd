using System.Text;

namespace Rlhf.Foundation.Runs;

/// <summary>
/// A file of lines that only grows. A line reaches the operating system when it is written and the disk when
/// <see cref="Flush"/> is called; a resumed run cuts the file back to where its checkpoint left it.
/// </summary>
internal sealed class LineLog : IDisposable
{
    private readonly FileStream _stream;

    /// <param name="length">Where a checkpoint left the log; 0 for a new run.</param>
    public LineLog(string path, long length, Action<string> warn)
    {
        _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
        if (_stream.Length < length)
        {
            var whole = EndOfLastLine();
            warn($"{path} has {_stream.Length} bytes where the checkpoint left it with {length}; lines are missing from it");
            length = whole;
        }

        _stream.SetLength(length);
        _stream.Seek(0, SeekOrigin.End);
    }

    public long Length => _stream.Length;

    public void Append(string line) => _stream.Write(Encoding.UTF8.GetBytes(line + "\n"));

    public void Flush() => _stream.Flush(flushToDisk: true);

    public void Dispose() => _stream.Dispose();

    /// <summary>Where the last whole line ends: a line that a crash cut short is not one.</summary>
    private long EndOfLastLine()
    {
        for (var position = _stream.Length; position > 0; position--)
        {
            _stream.Position = position - 1;
            if (_stream.ReadByte() == '\n') return position;
        }

        return 0;
    }
}
