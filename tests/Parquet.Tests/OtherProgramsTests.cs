using Parquet.Schema;
using Parquet.Serialization;

namespace Parquet.Tests;

public sealed class OtherProgramsTests
{
    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Zstd)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Brotli)]
    public async Task Written_RowsOfAllKinds_AreReadByDuckDbAndHyparquet(CompressionMethod method)
    {
        var rows = SampleRows.Make(3000);
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, $"ours_{method}.parquet");
        await using (var file = File.Create(path))
            await ParquetSerializer.SerializeUntypedAsync(rows, SampleRows.Schema(), file, new ParquetOptions { CompressionMethod = method, RowGroupSize = 1100 });
        var expected = rows.Select(OtherPrograms.Normal).ToList();
        foreach (var reader in new[] { "duckdb", "hyparquet" })
            Assert.Equal(expected, OtherPrograms.Normal((await OtherPrograms.RunAsync("rows", reader, path)).Split('\n')));
    }

    [Fact]
    public async Task Read_FilesOfDuckDbAndParquetRs_GivesTheirRows()
    {
        using var folder = new TemporaryFolder();
        await OtherPrograms.RunAsync("make", folder.Path);
        var expected = OtherPrograms.Normal(File.ReadLines(Path.Combine(folder.Path, "rows.jsonl")));
        var files = Directory.GetFiles(folder.Path, "*.parquet");
        Assert.Equal(28, files.Length);
        foreach (var path in files)
        {
            await using var file = File.OpenRead(path);
            var rows = (await ParquetSerializer.DeserializeUntypedAsync(file)).Data;
            var found = rows.Select(OtherPrograms.Normal).ToList();
            Assert.True(expected.SequenceEqual(found), $"{Path.GetFileName(path)}: {found.Zip(expected).FirstOrDefault(pair => pair.First != pair.Second)}");
        }
    }
}
