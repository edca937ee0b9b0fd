using static TorchSharp.torch;

namespace TorchSharp.PyBridge;

/// <summary>Moves a tensor's numbers from and to files, in pieces, so that no second copy is held.</summary>
internal static class TensorBytes
{
    private const long Piece = 1L << 24; // elements

    /// <summary>Fills a new contiguous CPU tensor from <paramref name="offset"/> on.</summary>
    public static void Fill(Tensor tensor, ByteSource source, long offset) => Fill(tensor, source, offset, static (_, _) => 0);

    /// <summary>The same, and the CRC-32 of the bytes.</summary>
    public static uint FillChecked(Tensor tensor, ByteSource source, long offset) => Fill(tensor, source, offset, static (crc, bytes) => Crc32.Append(crc, bytes));

    private static uint Fill(Tensor tensor, ByteSource source, long offset, Func<uint, ReadOnlySpan<byte>, uint> checksum)
    {
        using var scope = NewDisposeScope();
        var crc = 0u;
        var flat = tensor.view(-1);
        var elements = tensor.numel();
        for (long at = 0; at < elements; at += Piece)
        {
            var bytes = flat.narrow(0, at, Math.Min(Piece, elements - at)).bytes;
            source.Read(offset, bytes);
            crc = checksum(crc, bytes);
            offset += bytes.Length;
        }

        return crc;
    }

    public static void Write(Tensor tensor, Stream stream)
    {
        using var scope = NewDisposeScope();
        var flat = tensor.detach().cpu().contiguous().view(-1);
        var elements = flat.numel();
        for (long at = 0; at < elements; at += Piece) stream.Write(flat.narrow(0, at, Math.Min(Piece, elements - at)).bytes);
    }
}
