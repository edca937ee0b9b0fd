namespace Parquet.Compression.Zstd;

internal static class ZstdEncoder
{
    public static byte[] Encode(ReadOnlySpan<byte> input) => throw new NotSupportedException();
}
