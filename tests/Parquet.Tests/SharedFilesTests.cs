using System.IO.Compression;
using System.Text.Json;
using Parquet.Schema;
using Parquet.Serialization;
using Rlhf.TestSupport;

namespace Parquet.Tests;

/// <summary>Files that DuckDB, Polars, Impala and Spark wrote, against what is known of them from elsewhere.</summary>
public sealed class SharedFilesTests
{
    [Theory]
    [InlineData("duckdb_text_snappy_v1.parquet", 1)]
    [InlineData("duckdb_text_zstd_v2_rg.parquet", 1)]
    public async Task Read_HelpfulBaseAsText_EqualsTheJsonLines(string name, int groups)
    {
        var rows = await ReadAsync(name, groups);
        var lines = HelpfulBase();
        Assert.Equal(2345, rows.Count); // of 2,354 without the 9 whose prompts differ
        Assert.All(rows, row =>
        {
            var line = lines[Convert.ToInt32(row["id"], null)];
            Assert.Equal(line.GetProperty("chosen").GetString(), (string)row["prompt"] + row["chosen"]);
            Assert.Equal(line.GetProperty("rejected").GetString(), (string)row["prompt"] + row["rejected"]);
        });
    }

    [Theory]
    [InlineData("alltypes_dictionary.parquet", new[] { 0, 1 }, new[] { 1, 1 })]
    [InlineData("alltypes_plain.parquet", new[] { 4, 5, 6, 7, 2, 3, 0, 1 }, new[] { 3, 3, 4, 4, 2, 2, 1, 1 })]
    [InlineData("alltypes_plain.snappy.parquet", new[] { 6, 7 }, new[] { 4, 4 })]
    public async Task Read_ImpalaTypes_GivesTheKnownRows(string name, int[] ids, int[] months)
    {
        var rows = await ReadAsync(name, 1);
        Assert.Equal(ids.Length, rows.Count);
        for (var i = 0; i < ids.Length; i++)
        {
            var odd = ids[i] % 2;
            var text = System.Text.Encoding.ASCII.GetBytes($"0{months[i]}/01/09");
            object[] expected = [ids[i], odd == 0, odd, odd, odd, odd * 10L, odd * 1.1f, odd * 10.1, text, new[] { (byte)('0' + odd) }, new DateTime(2009, months[i], 1, 0, odd, 0, DateTimeKind.Utc)];
            Assert.Equal(expected, rows[i].Values);
        }

        string[] columns = ["id", "bool_col", "tinyint_col", "smallint_col", "int_col", "bigint_col", "float_col", "double_col", "date_string_col", "string_col", "timestamp_col"];
        Assert.Equal(columns, rows[0].Keys);
    }

    [Fact]
    public async Task Read_ListsOfListsOfLists_GivesTheKnownRows()
    {
        var rows = await ReadAsync("nested_lists.snappy.parquet", 1);
        string[] expected =
        [
            """{"a":[[["a","b"],["c"]],[null,["d"]]],"b":1}""",
            """{"a":[[["a","b"],["c","d"]],[null,["e"]]],"b":1}""",
            """{"a":[[["a","b"],["c","d"],["e"]],[null,["f"]]],"b":1}""",
        ];
        Assert.Equal(expected, rows.Select(row => JsonSerializer.Serialize(row)));
    }

    [Fact]
    public async Task Read_Messages_GivesStructsInLists()
    {
        var rows = await ReadAsync("polars_messages_snappy.parquet", 1);
        Assert.Equal(2345, rows.Count);
        Assert.Equal(9265, rows.Sum(row => ((List<object>)row["prompt"]).Count)); // num_values of the column, which no row leaves empty
        var first = (Dictionary<string, object>)Assert.Single((List<object>)rows[0]["prompt"]);
        Assert.Equal("user", first["role"]);
        Assert.Equal("Do you know why turkeys became the official food of thanksgiving?", first["content"]);
    }

    [Fact]
    public async Task Read_NullsAndEmptyLists_AreToldApart()
    {
        var rows = await ReadAsync("duckdb_messages_nulls_empties.parquet", 1);
        Assert.Equal(200, rows.Count);
        Assert.Equal(28, rows.Count(row => row["prompt"] is null));
        Assert.Equal(41, rows.Count(row => row["chosen"] is List<object> { Count: 0 }));
    }

    [Fact]
    public async Task ReadAsync_OneColumn_FillsTheCallersMemory()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        await using var reader = await ParquetReader.CreateAsync(TestData.At("parquet", "alltypes_plain.parquet"));
        using var group = reader.OpenRowGroupReader(0);
        var values = new double?[group.RowCount];
        await group.ReadAsync(reader.Schema.DataFields.Single(field => field.Name == "double_col"), values.AsMemory());
        Assert.Equal([0, 10.1, 0, 10.1, 0, 10.1, 0, 10.1], values.Select(value => value!.Value));
        Assert.False(group.ColumnExists(new DataField<int>("other")));
    }

    private static async Task<IList<Dictionary<string, object>>> ReadAsync(string name, int groups)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        await using var file = File.OpenRead(TestData.At("parquet", name));
        await using var reader = await ParquetReader.CreateAsync(file);
        Assert.Equal(groups, reader.RowGroupCount);
        return (await ParquetSerializer.DeserializeUntypedAsync(file)).Data;
    }

    private static List<JsonElement> HelpfulBase()
    {
        using var lines = new StreamReader(new GZipStream(File.OpenRead(TestData.At("preferences", "hh-helpful-base.jsonl.gz")), CompressionMode.Decompress));
        var rows = new List<JsonElement>();
        while (lines.ReadLine() is { } line) rows.Add(JsonDocument.Parse(line).RootElement);
        return rows;
    }
}
