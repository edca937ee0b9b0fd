namespace Parquet.Compression.Zstd;

/// <summary>Writes bits lowest first; what is written last is read first by <see cref="BackwardBits"/>.</summary>
internal sealed class BitWriter
{
    private byte[] bytes = new byte[1024];
    private int length;
    private ulong pending;
    private int count;

    public void Write(uint value, int width)
    {
        pending |= (ulong)value << count;
        for (count += width; count >= 8; count -= 8, pending >>= 8)
        {
            if (length == bytes.Length) Array.Resize(ref bytes, 2 * length);
            bytes[length++] = (byte)pending;
        }
    }

    /// <summary>Ends the stream with the mark by which its reader finds the last bit.</summary>
    public ReadOnlySpan<byte> Mark()
    {
        Write(1, 1);
        return Pad();
    }

    /// <summary>Fills the last byte with zeros.</summary>
    public ReadOnlySpan<byte> Pad()
    {
        if (count > 0) Write(0, 8 - count);
        return bytes.AsSpan(0, length);
    }
}
