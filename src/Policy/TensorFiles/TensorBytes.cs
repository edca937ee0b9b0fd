using System.IO.Hashing;
using static TorchSharp.torch;

namespace Rlhf.Policies.TensorFiles;

/// <summary>Moves a tensor's numbers from and to files, in pieces, so that no second copy is held.</summary>
internal static class TensorBytes
{
    private const long Piece = 1L << 24; // elements

    /// <summary>Fills a new contiguous CPU tensor from <paramref name="offset"/> on.</summary>
    /// <param name="checksum">takes all bytes, where somebody asks for it</param>
    public static void Fill(Tensor tensor, MappedFile source, long offset, Crc32? checksum = null)
    {
        using var scope = NewDisposeScope();
        var flat = tensor.view(-1);
        var elements = tensor.numel();
        for (long at = 0; at < elements; at += Piece)
        {
            var bytes = flat.narrow(0, at, Math.Min(Piece, elements - at)).bytes;
            source.Read(offset, bytes);
            checksum?.Append(bytes);
            offset += bytes.Length;
        }
    }

    public static void Write(Tensor tensor, Stream stream)
    {
        using var scope = NewDisposeScope();
        var flat = tensor.detach().cpu().contiguous().view(-1);
        var elements = flat.numel();
        for (long at = 0; at < elements; at += Piece) stream.Write(flat.narrow(0, at, Math.Min(Piece, elements - at)).bytes);
    }
}
