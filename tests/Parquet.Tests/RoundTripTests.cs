using System.Text.Json;
using Parquet.Schema;
using Parquet.Serialization;

namespace Parquet.Tests;

public sealed class RoundTripTests
{
    [Theory]
    [InlineData(1, null)]
    [InlineData(500, 1)]
    [InlineData(500, 499)]
    [InlineData(5000, 700)]
    public async Task Untyped_RowsOfAllKinds_ReadBack(int count, int? rowGroupSize)
    {
        var rows = SampleRows.Make(count);
        using var stream = new MemoryStream();
        await ParquetSerializer.SerializeUntypedAsync(rows, SampleRows.Schema(), stream, new ParquetOptions { RowGroupSize = rowGroupSize, CompressionMethod = CompressionMethod.Zstd });
        var read = await ParquetSerializer.DeserializeUntypedAsync(stream);
        Assert.Equal(rows.Select(row => JsonSerializer.Serialize(row)), read.Data.Select(row => JsonSerializer.Serialize(row)));
        Assert.Equal(SampleRows.Schema().DataFields.Select(field => field.Path), read.Schema.DataFields.Select(field => field.Path));
    }

    [Fact]
    public async Task Untyped_OneRowGroup_GivesItsRowsOnly()
    {
        using var stream = new MemoryStream();
        await ParquetSerializer.SerializeUntypedAsync(SampleRows.Make(25), SampleRows.Schema(), stream, new ParquetOptions { RowGroupSize = 10 });
        Assert.Equal([20L, 21L, 22L, 23L, 24L], (await ParquetSerializer.DeserializeUntypedAsync(stream, rowGroupIndex: 2)).Data.Select(row => (long)row["id"]));
    }

    [Fact]
    public async Task Typed_NestedMessages_ReadBack()
    {
        Dialogue[] dialogues =
        [
            new() { Id = 1, Score = 0.5, Messages = [new() { Role = "user", Content = "Hi" }, new() { Role = "assistant", Content = "Größe" }] },
            new() { Id = 2, Score = null, Messages = [] },
            new() { Id = 3, Messages = null },
        ];
        using var stream = new MemoryStream();
        await ParquetSerializer.SerializeAsync(dialogues, stream);
        var read = await ParquetSerializer.DeserializeAsync<Dialogue>(stream);
        Assert.Equal(JsonSerializer.Serialize(dialogues), JsonSerializer.Serialize(read.Data));
    }

    [Fact]
    public async Task Columns_WrittenOneByOne_ReadBack()
    {
        var id = new DataField<int>("id");
        var text = new DataField<string>("text");
        var score = new DataField<double>("score", nullable: true);
        var tags = new ListField("tags", new DataField<string>("element"));
        var schema = new ParquetSchema(id, text, score, tags);
        using var stream = new MemoryStream();
        await using (var writer = await ParquetWriter.CreateAsync(schema, stream))
        {
            writer.CustomMetadata = new Dictionary<string, string> { ["made by"] = "a test" };
            using var group = writer.CreateRowGroup();
            await group.WriteAsync<int>(id, new[] { 1, 2, 3 });
            await group.WriteAsync(text, ["a", null, "c"]);
            await group.WriteAsync<double>(score, new double?[] { 1.5, null, -1 });
            await group.WriteAsync(schema.DataFields[3], ["x", "y", "z", "w"], new[] { 0, 1, 0, 0 });
            group.CompleteValidate();
        }

        await using var reader = await ParquetReader.CreateAsync(stream);
        Assert.Equal("a test", reader.CustomMetadata["made by"]);
        using var read = reader.OpenRowGroupReader(0);
        Assert.Equal(3, read.RowCount);
        var ids = new int[3];
        await read.ReadAsync<int>(reader.Schema.DataFields[0], ids);
        Assert.Equal([1, 2, 3], ids);
        var texts = new string[3];
        await read.ReadAsync(reader.Schema.DataFields[1], texts);
        Assert.Equal("a,,c", string.Join(",", texts));
        Assert.Null(texts[1]);
        var scores = new double?[3];
        await read.ReadAsync<double>(reader.Schema.DataFields[2], scores.AsMemory());
        Assert.Equal([1.5, null, -1], scores);
        var (elements, levels) = (new string[4], new int[4]);
        await read.ReadAsync(reader.Schema.DataFields[3], elements, levels);
        Assert.Equal(["x", "y", "z", "w"], elements);
        Assert.Equal([0, 1, 0, 0], levels);
    }

    [Fact]
    public async Task Columns_WrittenWrongly_AreRefused()
    {
        var id = new DataField<int>("id");
        var text = new DataField<string>("text");
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(id, text), new MemoryStream());
        using var group = writer.CreateRowGroup();
        await Assert.ThrowsAsync<ArgumentException>(() => group.WriteAsync(text, ["a"]));
        await group.WriteAsync<int>(id, new[] { 1, 2 });
        Assert.Throws<InvalidOperationException>(group.CompleteValidate);
        await Assert.ThrowsAsync<InvalidOperationException>(() => group.WriteAsync(text, ["a"]));
    }

    [Fact]
    public async Task Pages_OfLargeColumns_AreSplit()
    {
        var rows = Enumerable.Range(0, 300).Select(IDictionary<string, object?> (i) => new Dictionary<string, object?> { ["t"] = new string((char)('a' + i % 26), 20_000) + i }).ToList();
        using var stream = new MemoryStream();
        await ParquetSerializer.SerializeUntypedAsync(rows, new ParquetSchema(new DataField<string>("t")), stream, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy });
        var read = await ParquetSerializer.DeserializeUntypedAsync(stream);
        Assert.Equal(rows.Select(row => row["t"]), read.Data.Select(row => row["t"]));
    }

    private sealed class Dialogue
    {
        public long Id { get; set; }

        public double? Score { get; set; }

        public List<Message>? Messages { get; set; }
    }

    private sealed class Message
    {
        public string? Role { get; set; }

        public string? Content { get; set; }
    }
}
