using System.IO.Compression;
using Parquet.Compression;
using Parquet.Compression.Zstd;

namespace Parquet.Tests;

/// <summary>Codecs against bytes worked out by hand from their descriptions.</summary>
public sealed class CodecTests
{
    [Fact]
    public void Snappy_LiteralAndOverlappingCopy_Unpack()
    {
        // 12 bytes: a literal of 2 ("ab"), then a copy of 10 from 2 back: tag 01, length 10 - 4 = 6, offset 2.
        Assert.Equal("abababababab"u8, Unpack(CompressionMethod.Snappy, [12, 1 << 2, (byte)'a', (byte)'b', 6 << 2 | 1, 2], 12));
    }

    [Fact]
    public void Lz4_LiteralAndOverlappingCopy_Unpack()
    {
        // Token: 2 literals, match of 4 + 4; then the last sequence of literals only.
        byte[] block = [0x24, (byte)'a', (byte)'b', 2, 0, 0x10, (byte)'c'];
        Assert.Equal("ababababab" + "c", System.Text.Encoding.ASCII.GetString(Unpack(CompressionMethod.Lz4Raw, block, 11)));
        byte[] framed = [0, 0, 0, 11, 0, 0, 0, 7, .. block];
        Assert.Equal("abababababc"u8, Unpack(CompressionMethod.LZ4, framed, 11));
        Assert.Equal("abababababc"u8, Unpack(CompressionMethod.LZ4, block, 11));
    }

    [Fact]
    public void Zstd_RawAndRepeatedBlocks_Unpack()
    {
        // Magic; one segment of 7 bytes without checksum; a raw block of 3, then a last block of 4 times 'x'.
        byte[] frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 7, 3 << 3, 0, 0, (byte)'a', (byte)'b', (byte)'c', 4 << 3 | 1 << 1 | 1, 0, 0, (byte)'x'];
        Assert.Equal("abcxxxx"u8, Unpack(CompressionMethod.Zstd, frame, 7));
    }

    [Theory]
    [InlineData(CompressionMethod.Snappy, new byte[] { 12, 4, 97, 98, 25, 3 }, 12)] // refers before the start
    [InlineData(CompressionMethod.Snappy, new byte[] { 5, 4, 97, 98, 25, 2 }, 5)] // longer than declared
    [InlineData(CompressionMethod.Snappy, new byte[] { 200, 200, 200, 200, 200, 200 }, 5)] // a length without end
    [InlineData(CompressionMethod.Lz4Raw, new byte[] { 0x24, 97, 98, 0, 0, 0x10, 99 }, 11)] // offset 0
    [InlineData(CompressionMethod.Lz4Raw, new byte[] { 0xf0, 255, 255 }, 11)]
    [InlineData(CompressionMethod.Zstd, new byte[] { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 7, 57, 0, 0, 97 }, 7)] // cut
    [InlineData(CompressionMethod.Lzo, new byte[] { 1 }, 1)]
    [InlineData(CompressionMethod.None, new byte[] { 1 }, 2)]
    public void Unpack_BrokenData_IsRefused(CompressionMethod method, byte[] packed, int size) =>
        Assert.Throws<ParquetException>(() => Unpack(method, packed, size));

    [Fact]
    public void Zstd_EveryBitOfAFrame_IsGuarded()
    {
        var input = ZstdTests.Input("periods")[..4000];
        var frame = ZstdEncoder.Encode(input);
        for (var bit = 0; bit < frame.Length * 8; bit++)
        {
            var damaged = (byte[])frame.Clone();
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            var output = new byte[input.Length];
            try
            {
                ZstdDecoder.Decode(damaged, output);
            }
            catch (ParquetException)
            {
                continue;
            }

            Assert.Equal(input, output); // a bit that means nothing, such as an unused dictionary number
        }
    }

    [Fact]
    public void Unpack_ABomb_IsRefusedBeforeRoomIsMade() =>
        Assert.Throws<ParquetException>(() => Codec.CheckRatio(packed: 100, unpacked: 1 << 30));

    [Theory]
    [MemberData(nameof(ZstdTests.Inputs), MemberType = typeof(ZstdTests))]
    public void Pack_AnyInput_UnpacksToItself(string name)
    {
        var input = ZstdTests.Input(name);
        foreach (var method in new[] { CompressionMethod.Snappy, CompressionMethod.Gzip, CompressionMethod.Brotli, CompressionMethod.Zstd })
            Assert.Equal(input, Unpack(method, Codec.Compress(method, CompressionLevel.Fastest, input), input.Length));
    }

    [Fact]
    public void Crc32_TheCheckString_HasItsKnownSum()
    {
        Assert.Equal(0xcbf43926, Crc32.Of("123456789"u8));
        Assert.Equal(0u, Crc32.Of([]));
    }

    [Fact]
    public void XxHash64_KnownInputs_HaveTheirKnownHashes()
    {
        Assert.Equal(0xef46db3751d8e999UL, XxHash64.Of([]));
        Assert.Equal(0xd24ec4f1a98c6e5bUL, XxHash64.Of("a"u8));
        Assert.Equal(0x44bc2cf5ad770999UL, XxHash64.Of("abc"u8));
    }

    private static byte[] Unpack(CompressionMethod method, byte[] packed, int size)
    {
        var output = new byte[size];
        Codec.Decompress(method, packed, output);
        return output;
    }
}
