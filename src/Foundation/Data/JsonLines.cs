namespace Rlhf.Foundation.Data;

/// <summary>JSON Lines: one object a line; blank lines are passed over.</summary>
internal static class JsonLines
{
    public static IEnumerable<Row> Read(ChunkBuffer buffer, RowOrigin origin, Action<RowDefect>? onDefect)
    {
        var parser = new RowParser(origin);
        for (long line = 1; Next(buffer, line) is { } bytes; line++)
        {
            var json = bytes.TrimEnd(" \t\r\n"u8);
            if (json.IsEmpty) continue;
            if (parser.Parse(json, line, onDefect) is { } row) yield return row;
        }
    }

    private static ReadOnlyMemory<byte>? Next(ChunkBuffer buffer, long line)
    {
        var scanned = 0;
        while (true)
        {
            var end = buffer.Pending[scanned..].IndexOf((byte)'\n');
            if (end >= 0) return buffer.Take(scanned + end + 1);
            scanned = buffer.Pending.Length;
            if (!buffer.Fill(line)) return scanned == 0 ? default(ReadOnlyMemory<byte>?) : buffer.Take(scanned);
        }
    }
}
