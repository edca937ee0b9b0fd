using System.IO.Compression;
using Parquet.Compression.Zstd;

namespace Parquet.Compression;

/// <summary>Packs and unpacks pages.</summary>
internal static class Codec
{
    // A page may unpack to this much whatever its size, and beyond it to this many times its size. A real page of one
    // value, repeated, packs better than that only while it is small; more is an attempt to exhaust memory.
    private const long FreeSize = 16 << 20;
    private const long MostRatio = 2048;

    /// <summary>Unpacks a page into <paramref name="output"/>, which it must fill.</summary>
    public static void Decompress(CompressionMethod method, ArraySegment<byte> input, Span<byte> output)
    {
        switch (method)
        {
            case CompressionMethod.None:
                if (input.Count != output.Length) throw new ParquetException($"an uncompressed page holds {input.Count} bytes, {output.Length} declared");
                input.AsSpan().CopyTo(output);
                break;
            case CompressionMethod.Snappy: SnappyDecoder.Decode(input, output); break;
            case CompressionMethod.Gzip: Gunzip(input, output); break;
            case CompressionMethod.Brotli:
                if (!BrotliDecoder.TryDecompress(input, output, out var written) || written != output.Length)
                    throw new ParquetException("Brotli data is damaged or unpacks to another size than declared");
                break;
            case CompressionMethod.LZ4: Lz4Decoder.DecodeFramed(input, output); break;
            case CompressionMethod.Zstd: ZstdDecoder.Decode(input, output); break;
            case CompressionMethod.Lz4Raw: Lz4Decoder.Decode(input, output); break;
            default: throw new ParquetException($"pages are compressed with {method}; this reader knows Snappy, Gzip, Brotli, LZ4 and Zstd");
        }
    }

    public static void CheckRatio(long packed, long unpacked)
    {
        if (unpacked > FreeSize + MostRatio * packed)
            throw new ParquetException($"a page of {packed} bytes declares {unpacked} bytes unpacked; no real page packs so well");
    }

    public static byte[] Compress(CompressionMethod method, CompressionLevel level, ReadOnlySpan<byte> input) => method switch
    {
        CompressionMethod.None => input.ToArray(),
        CompressionMethod.Snappy => SnappyEncoder.Encode(input),
        CompressionMethod.Zstd => ZstdEncoder.Encode(input),
        CompressionMethod.Gzip => Gzip(input, level),
        CompressionMethod.Brotli => Brotli(input, level),
        _ => throw new NotSupportedException($"pages cannot be written with {method}; Snappy, Zstd, Gzip, Brotli and None can"),
    };

    private static void Gunzip(ArraySegment<byte> input, Span<byte> output)
    {
        try
        {
            using var stream = new GZipStream(new MemoryStream(input.Array!, input.Offset, input.Count, writable: false), CompressionMode.Decompress);
            if (stream.ReadAtLeast(output, output.Length, throwOnEndOfStream: false) < output.Length || stream.ReadByte() >= 0)
                throw new ParquetException($"Gzip data unpacks to another size than the {output.Length} bytes declared");
        }
        catch (InvalidDataException error)
        {
            throw new ParquetException($"Gzip data is damaged: {error.Message}", error);
        }
    }

    private static byte[] Gzip(ReadOnlySpan<byte> input, CompressionLevel level)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, level, leaveOpen: true)) stream.Write(input);
        return packed.ToArray();
    }

    private static byte[] Brotli(ReadOnlySpan<byte> input, CompressionLevel level)
    {
        using var packed = new MemoryStream();
        using (var stream = new BrotliStream(packed, level, leaveOpen: true)) stream.Write(input);
        return packed.ToArray();
    }
}
