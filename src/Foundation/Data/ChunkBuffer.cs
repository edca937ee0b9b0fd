namespace Rlhf.Foundation.Data;

/// <summary>
/// The bytes of a stream that are read and not yet taken. What is taken stays valid: it points into a chunk
/// that is never written again, and which is freed with the last row that points into it.
/// </summary>
internal sealed class ChunkBuffer(Stream stream, string source)
{
    /// <summary>The longest row.</summary>
    public const int MaxRow = 64 << 20;

    // Small enough to stay out of the large-object heap.
    private const int ChunkSize = 64 << 10;
    private byte[] bytes = GC.AllocateUninitializedArray<byte>(ChunkSize);
    private int start;
    private int end;

    public ReadOnlySpan<byte> Pending => bytes.AsSpan(start, end - start);

    public ReadOnlyMemory<byte> Take(int count)
    {
        var taken = bytes.AsMemory(start, count);
        start += count;
        return taken;
    }

    /// <summary>Reads more behind what is pending; false at the end of the stream.</summary>
    public bool Fill(long line)
    {
        if (end == bytes.Length) Renew(line);
        try
        {
            var read = stream.Read(bytes, end, bytes.Length - end);
            end += read;
            return read > 0;
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw new RlhfException($"{source} cannot be read past line {line}: {error.Message}", error);
        }
    }

    private void Renew(long line)
    {
        var pending = Pending;
        if (pending.Length >= MaxRow)
            throw new RlhfException($"{source} line {line}: a row longer than {MaxRow >> 20} MiB; is this a file of one JSON object a line?");
        var fresh = GC.AllocateUninitializedArray<byte>(Math.Max(ChunkSize, pending.Length * 2));
        pending.CopyTo(fresh);
        (bytes, start, end) = (fresh, 0, pending.Length);
    }
}
