using Parquet.Encodings;
using Parquet.Meta;

namespace Parquet.Tests;

/// <summary>Encodings against bytes worked out by hand from the format's description.</summary>
public sealed class EncodingTests
{
    [Fact]
    public void Rle_TheFormatsExample_GivesZeroToSeven()
    {
        // Encodings.md: 0 … 7 in 3 bits are 10001000 11000110 11111010; header 3 is one packed group of eight.
        var values = new int[8];
        new RleReader([0x03, 0x88, 0xc6, 0xfa], 3).Read(values);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], values);
        Assert.Equal([0x03, 0x88, 0xc6, 0xfa], RleWriter.Write([0, 1, 2, 3, 4, 5, 6, 7], 3));
    }

    [Fact]
    public void Rle_RunThenGroup_GivesBoth()
    {
        // Header 20 = run of ten; the value 300 takes two bytes at 9 bits. Then a group of eight: 1 and seven zeros.
        var values = new int[12];
        new RleReader([20, 0x2c, 0x01, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0], 9).Read(values);
        Assert.Equal([.. Enumerable.Repeat(300, 10), 1, 0], values);
    }

    [Theory]
    [InlineData(new byte[] { }, 1)]
    [InlineData(new byte[] { 20 }, 9)]
    [InlineData(new byte[] { 0, 1 }, 1)]
    [InlineData(new byte[] { 2, 2 }, 1)]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 1 }, 1)]
    [InlineData(new byte[] { 3, 0x88 }, 3)]
    public void Rle_BrokenRuns_AreRefused(byte[] bytes, int width) =>
        Assert.Throws<ParquetException>(() => new RleReader(bytes, width).Read(new int[8]));

    [Theory]
    [InlineData(1, 8)]
    [InlineData(7, 100)]
    [InlineData(32, 9)]
    [InlineData(12, 1)]
    public void Rle_AnyValues_ReadBack(int width, int count)
    {
        var random = new Random(width);
        var values = Enumerable.Range(0, count).SelectMany(_ => Enumerable.Repeat((int)(random.NextInt64() & (1L << width) - 1), random.Next(1, 20))).ToArray();
        var read = new int[values.Length];
        new RleReader(RleWriter.Write(values, width), width).Read(read);
        Assert.Equal(values, read);
    }

    [Fact]
    public void Delta_TheFormatsExamples_GiveTheirValues()
    {
        // Encodings.md, example 1: 1 … 5, all differences 1: block 8, 1 miniblock, 5 values, first 1; least 1, 0 bits.
        var values = new int[5];
        Assert.Equal(6, DeltaBinaryPacked.Read([8, 1, 5, 2, 2, 0], values.AsSpan()));
        Assert.Equal([1, 2, 3, 4, 5], values);

        // Example 2: 7, 5, 3, 1, 2, 3, 4, 5: least -2, then 0 0 0 3 3 3 3 in 2 bits = 11000000 00111111.
        values = new int[8];
        DeltaBinaryPacked.Read([8, 1, 8, 14, 3, 2, 0xc0, 0x3f], values.AsSpan());
        Assert.Equal([7, 5, 3, 1, 2, 3, 4, 5], values);
    }

    [Theory]
    [InlineData(new byte[] { 8, 1, 5, 2, 2 })]
    [InlineData(new byte[] { 8, 1, 6, 2, 2, 0 })]
    [InlineData(new byte[] { 0, 1, 5, 2, 2, 0 })]
    [InlineData(new byte[] { 8, 3, 5, 2, 2, 0 })]
    [InlineData(new byte[] { 8, 1, 5, 2, 2, 65 })]
    public void Delta_BrokenBlocks_AreRefused(byte[] bytes) =>
        Assert.Throws<ParquetException>(() => DeltaBinaryPacked.Read(bytes, new int[5].AsSpan()));

    [Fact]
    public void DeltaLength_TheFormatsExample_GivesItsTexts()
    {
        // "Hello", "World", "Foobar", "ABCDEF": lengths 5 5 6 6, so the differences 0 1 0 in 1 bit, then the letters.
        byte[] page = [8, 1, 4, 10, 0, 1, 0b010, .. "HelloWorldFoobarABCDEF"u8];
        Assert.Equal(["Hello", "World", "Foobar", "ABCDEF"], Texts(Encoding.DeltaLengthByteArray, page, 4));
    }

    [Fact]
    public void DeltaBytes_TheFormatsExample_GivesItsTexts()
    {
        // "axis", "axle", "babble", "babyhood": prefixes 0 2 0 3, suffixes "axis" "le" "babble" "yhood" of 4 2 6 5.
        // Prefix differences 2 -2 3, least -2: 4 0 5 in 3 bits = 0b101_000_100; lengths -2 4 -1, least -2: 0 6 1 = 0b001_110_000.
        byte[] page = [8, 1, 4, 0, 3, 3, 0b01000100, 0b1, 0, 8, 1, 4, 8, 3, 3, 0b01110000, 0b0, 0, .. "axislebabbleyhood"u8];
        Assert.Equal(["axis", "axle", "babble", "babyhood"], Texts(Encoding.DeltaByteArray, page, 4));
    }

    [Fact]
    public void ByteStreamSplit_TwoNumbers_AreJoined()
    {
        // 1f = 00 00 80 3f and -2f = 00 00 00 c0, lowest byte first: all first bytes, all second bytes, and so on.
        var values = new float[2];
        new FixedDecoder<float>().Read(Encoding.ByteStreamSplit, new byte[] { 0, 0, 0, 0, 0x80, 0, 0x3f, 0xc0 }, values);
        Assert.Equal([1f, -2f], values);
    }

    [Fact]
    public void Plain_Booleans_AreBitsFromTheLowest()
    {
        var values = new bool[10];
        new BooleanDecoder().Read(Encoding.Plain, new byte[] { 0b00000101, 0b10 }, values);
        Assert.Equal([true, false, true, false, false, false, false, false, false, true], values);
    }

    [Fact]
    public void Levels_BitPackedFromTheHighestBit_AreRead()
    {
        // Encodings.md on the deprecated way: 0 … 7 in 3 bits are 00000101 00111001 01110111.
        ReadOnlySpan<byte> page = [0x05, 0x39, 0x77, 99];
        var levels = new byte[8];
        Levels.ReadPrefixed(ref page, Encoding.BitPacked, 7, levels);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], levels);
        Assert.Equal(99, page[0]);
    }

    [Fact]
    public void Levels_AboveTheHighest_AreRefused() =>
        Assert.Throws<ParquetException>(() => Levels.Read([2 * 4, 3], 2, new byte[4]));

    private static IEnumerable<string> Texts(Encoding encoding, byte[] page, int count)
    {
        var values = new ReadOnlyMemory<byte>[count];
        new BytesDecoder(null).Read(encoding, page, values);
        return values.Select(value => System.Text.Encoding.UTF8.GetString(value.Span));
    }
}
