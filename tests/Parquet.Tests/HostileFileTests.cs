using Parquet.Meta;
using Parquet.Serialization;

namespace Parquet.Tests;

/// <summary>Files whose every part is well formed, and whose numbers are chosen to do harm.</summary>
public sealed class HostileFileTests
{
    [Fact]
    public async Task Read_ABillionNullsInAFewBytes_IsRefused()
    {
        // One run of levels: 2^30 - 1 times "lacks", in 6 bytes.
        var error = await ErrorAsync(File(values: 1_000_000_000, page: [6, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x07, 0]));
        Assert.Contains("1000000000 values are declared in a file of", error);
    }

    [Fact]
    public async Task Read_PageThatUnpacksToAGigabyte_IsRefused()
    {
        var error = await ErrorAsync(File(values: 10, page: [1, 2, 3], codec: CompressionMethod.Zstd, unpacked: 1 << 30));
        Assert.Contains("a page of 3 bytes declares 1073741824 bytes unpacked", error);
    }

    [Fact]
    public async Task Read_ColumnsBeyondTheFile_AreRefused()
    {
        Assert.Contains("lie outside the file", await ErrorAsync(File(values: 10, page: [1, 2, 3], offset: long.MaxValue)));
        Assert.Contains("lie outside the file", await ErrorAsync(File(values: 10, page: [1, 2, 3], size: long.MaxValue)));
        Assert.Contains("lie outside the file", await ErrorAsync(File(values: 10, page: [1, 2, 3], offset: -5)));
    }

    [Fact]
    public async Task Read_TextThatIsNoUtf8_IsRefused()
    {
        // One level "is there", then a text of two bytes that begin a longer letter.
        var error = await ErrorAsync(File(values: 1, page: [2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 0xe2, 0x80]));
        Assert.Equal("Parquet data: row group 0, column text: page 1: a text is not valid UTF-8 (at byte 1 of its 2)", error);
    }

    [Fact]
    public async Task Read_FewerValuesThanRows_IsRefused()
    {
        Assert.Contains("holds 1 rows, its row group 2", await ErrorAsync(File(values: 1, rows: 2, page: [2, 0, 0, 0, 2, 0])));
    }

    /// <summary>A file of one column of text and one page.</summary>
    private static byte[] File(int values, byte[] page, long? rows = null, CompressionMethod codec = CompressionMethod.None, int? unpacked = null, long offset = 4, long? size = null)
    {
        var header = new PageHeader { Type = PageType.Data, UncompressedSize = unpacked ?? page.Length, CompressedSize = page.Length, Values = values, Encoding = Encoding.Plain }.Write().ToArray();
        var chunk = new ColumnChunk
        {
            Type = PhysicalType.ByteArray,
            Encodings = [Encoding.Plain],
            Path = ["text"],
            Codec = codec,
            Values = values,
            UncompressedSize = 100,
            CompressedSize = size ?? header.Length + page.Length,
            DataOffset = offset,
        };
        var footer = new FileMetaData
        {
            Schema = [new() { Name = "root", Children = 1 }, new() { Name = "text", Type = PhysicalType.ByteArray, Logical = LogicalType.String, Repetition = Repetition.Optional }],
            Rows = rows ?? values,
            RowGroups = [new RowGroup { Columns = [chunk], Rows = rows ?? values }],
            Metadata = new Dictionary<string, string>(),
        }.Write().ToArray();
        return [.. "PAR1"u8, .. header, .. page, .. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8];
    }

    private static async Task<string> ErrorAsync(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return (await Assert.ThrowsAsync<ParquetException>(() => ParquetSerializer.DeserializeUntypedAsync(stream))).Message;
    }
}
