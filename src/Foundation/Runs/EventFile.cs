using System.Globalization;

namespace Rlhf.Foundation.Runs;

/// <summary>
/// A TensorBoard event file: TFRecord frames (length, masked CRC-32C of it, message, masked CRC-32C of that). A run
/// that resumes cuts the files of its earlier sessions back to the checkpoint and goes on in a new one.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const string Prefix = "events.out.tfevents.";

    private readonly FileStream _stream;

    private EventFile(FileStream stream) => _stream = stream;

    public string Name => Path.GetFileName(_stream.Name);

    public long Length => _stream.Length;

    public static bool IsOne(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <param name="lengths">How long each earlier event file was at the checkpoint; files not named came after it.</param>
    public static EventFile Continue(string folder, long step, IReadOnlyDictionary<string, long> lengths)
    {
        var earlier = Directory.GetFiles(folder, Prefix + "*").Order(StringComparer.Ordinal).ToArray();
        foreach (var path in earlier) CutBack(path, lengths.GetValueOrDefault(Path.GetFileName(path)));
        // TensorBoard reads them by name: where the clock has gone back, the new one still comes last.
        var now = Math.Max(DateTimeOffset.UtcNow.ToUnixTimeSeconds(), earlier.Select(TimeOf).DefaultIfEmpty().Max() + 1);
        var name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{now:0000000000}.{Environment.MachineName}.{Environment.ProcessId}.{earlier.Length}");
        var file = new EventFile(new FileStream(Path.Combine(folder, name), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1));
        file.Write(EventMessage.Version(Now()));
        if (step > 0) file.Write(EventMessage.Restart(Now(), step + 1));
        return file;
    }

    public void Add(long step, IReadOnlyDictionary<string, double> scalars) => Write(EventMessage.Scalars(Now(), step, scalars));

    public void Flush() => _stream.Flush(flushToDisk: true);

    public void Dispose() => _stream.Dispose();

    private static long TimeOf(string path) => long.TryParse(Path.GetFileName(path)[Prefix.Length..].Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var time) ? time : 0;

    private static void CutBack(string path, long length)
    {
        if (length == 0)
        {
            File.Delete(path);
            return;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write);
        if (stream.Length > length) stream.SetLength(length);
    }

    private static double Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    private void Write(byte[] message) => _stream.Write(EventMessage.Frame(message));
}
