using Parquet.Serialization;
using Rlhf.TestSupport;

namespace Parquet.Tests;

public sealed class DamageTests
{
    public static TheoryData<CompressionMethod> Methods => [CompressionMethod.None, CompressionMethod.Snappy, CompressionMethod.Zstd, CompressionMethod.Gzip, CompressionMethod.Brotli];

    [Fact]
    public async Task Read_CommittedFiles_GivesTheirRows()
    {
        var folder = Path.Combine(TestData.Repository, "tests", "Parquet.Tests", "files");
        var expected = OtherPrograms.Normal(File.ReadLines(Path.Combine(folder, "rows.jsonl")));
        var files = Directory.GetFiles(folder, "*.parquet");
        Assert.Equal(11, files.Length);
        foreach (var file in files) Assert.Equal(expected, (await RowsAsync(await File.ReadAllBytesAsync(file))).Select(OtherPrograms.Normal));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Read_FileCutAnywhere_IsRefused(CompressionMethod method)
    {
        var whole = await WriteAsync(method);
        for (var length = 0; length < whole.Length; length++)
            await Assert.ThrowsAsync<ParquetException>(() => RowsAsync(whole[..length]));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Read_BytesOfPagesChanged_NeverGivesOtherRows(CompressionMethod method)
    {
        var whole = await WriteAsync(method);
        var expected = (await RowsAsync(whole)).Select(OtherPrograms.Normal).ToList();
        var footer = whole.Length - 8 - BitConverter.ToInt32(whole, whole.Length - 8);
        var accepted = new List<int>();
        for (var place = 4; place < footer; place++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[place] ^= (byte)(1 << place % 8);
            try
            {
                var rows = (await RowsAsync(damaged)).Select(OtherPrograms.Normal).ToList();
                Assert.True(expected.SequenceEqual(rows), $"the change of byte {place} was not noticed");
                accepted.Add(place);
            }
            catch (ParquetException)
            {
            }
        }

        Assert.True(accepted.Count <= footer / 10, $"{accepted.Count} of {footer} changes were taken without other rows");
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Read_AnyByteChanged_GivesAllRowsOrAClearError(CompressionMethod method)
    {
        var whole = await WriteAsync(method);
        var refused = 0;
        for (var place = 0; place < whole.Length; place++)
            foreach (var value in new[] { whole[place] ^ 1, whole[place] ^ 0x80, 0xff })
            {
                var damaged = (byte[])whole.Clone();
                damaged[place] = (byte)value;
                try
                {
                    // The footer has no checksum: another name of a column is no damage that can be seen.
                    Assert.Equal(30, (await RowsAsync(damaged)).Count);
                }
                catch (ParquetException)
                {
                    refused++;
                }
            }

        Assert.True(refused > whole.Length, $"{refused} of {3 * whole.Length} changes were refused");
    }

    [Fact]
    public async Task Read_PageChanged_NamesRowGroupColumnAndPage()
    {
        var whole = await WriteAsync(CompressionMethod.None);
        var place = whole.AsSpan().IndexOf("row 1 "u8);
        whole[place] ^= 1;
        var error = await Assert.ThrowsAsync<ParquetException>(() => RowsAsync(whole));
        Assert.Equal("Parquet data: row group 0, column text: page 1: the checksum does not fit the page; the file is damaged", error.Message);
    }

    [Fact]
    public void Read_MutatedFiles_GivesRowsOrAClearError()
    {
        var fuzzer = new MutationFuzzer(seed: 4, ParquetFuzz.Target.Originals()) { FreeAllocation = 48 << 20 };
        var report = fuzzer.Run(0, 6000, ParquetFuzz.Target.Parse, [.. ParquetFuzz.Target.Refusals]);
        Assert.True(report.Failures.Count == 0, string.Join('\n', report.Failures));
        Assert.True(report.Accepted > 200 && report.Rejected > 2000, report.ToString());
    }

    private static async Task<byte[]> WriteAsync(CompressionMethod method)
    {
        using var stream = new MemoryStream();
        await ParquetSerializer.SerializeUntypedAsync(SampleRows.Make(30), SampleRows.Schema(), stream, new ParquetOptions { CompressionMethod = method, RowGroupSize = 20 });
        return stream.ToArray();
    }

    private static async Task<IList<Dictionary<string, object>>> RowsAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return (await ParquetSerializer.DeserializeUntypedAsync(stream)).Data;
    }
}
