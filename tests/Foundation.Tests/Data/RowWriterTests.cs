using System.Text;
using Rlhf.Foundation.Data;

namespace Rlhf.Foundation.Tests.Data;

public sealed class RowWriterTests
{
    private const string Rows = """
        {"prompt":"Größe “x”","turns":[{"role":"user","content":"a\nb"},{"role":"assistant","content":null}],"score":1,"rank":9007199254740993,"good":true}
        {"prompt":null,"turns":[],"score":0.25,"rank":-1,"good":null,"late":{"deep":[[1],[],null]}}
        {"prompt":"","turns":null,"score":null,"rank":null,"good":false,"late":{"deep":null}}

        """;

    [Theory]
    [InlineData("out.jsonl")]
    [InlineData("out.jsonl.gz")]
    [InlineData("out.json")]
    [InlineData("out.json.gz")]
    public void Write_Json_ReadsBackByteForByte(string name)
    {
        using var file = RowFile.Of("in.jsonl", Rows);
        var rows = Convert(file, name);
        Assert.Equal(Rows.Split('\n', StringSplitOptions.RemoveEmptyEntries), rows.Select(Json));
    }

    [Fact]
    public void Write_Parquet_ReadsBackWithEveryColumnInEveryRow()
    {
        using var file = RowFile.Of("in.jsonl", Rows);
        var rows = Convert(file, "out.parquet");
        string[] expected =
        [
            """{"prompt":"Größe “x”","turns":[{"role":"user","content":"a\nb"},{"role":"assistant","content":null}],"score":1,"rank":9007199254740993,"good":true,"late":null}""",
            """{"prompt":null,"turns":[],"score":0.25,"rank":-1,"good":null,"late":{"deep":[[1],[],null]}}""",
            """{"prompt":"","turns":null,"score":null,"rank":null,"good":false,"late":{"deep":null}}""",
        ];
        Assert.Equal(expected, rows.Select(Json));
    }

    [Fact]
    public void Write_RowOverSeveralLines_BecomesOneLine()
    {
        using var file = RowFile.Of("in.json", "[{\n \"a\": \"x\",\r\n \"b\": [1,\n 2]}]");
        Assert.Equal(["""{"a":"x","b":[1,2]}"""], Convert(file, "out.jsonl").Select(Json));
    }

    [Fact]
    public void Write_WithoutCommit_LeavesTheOldFileAndNothingElse()
    {
        using var file = RowFile.Of("out.parquet", "old");
        using (var writer = RowWriter.Create(file.Path)) writer.Write(Row.Of("made", 1, ("a", "b")));
        Assert.Equal("old", File.ReadAllText(file.Path));
        Assert.Equal([file.Path], Directory.GetFiles(Path.GetDirectoryName(file.Path)!));
    }

    [Fact]
    public void Write_ColumnOfTwoKinds_IsRefusedForParquet()
    {
        using var file = RowFile.Of("in.jsonl", "{\"a\": 1}\n{\"a\": \"x\"}");
        var error = Assert.Throws<RlhfException>(() => Convert(file, "out.parquet")).Message;
        Assert.StartsWith($"{file.Path} line 2: column 'a' holds a value that does not fit", error);
    }

    [Fact]
    public void Create_UnknownExtension_ListsTheFormats()
    {
        var error = Assert.Throws<RlhfException>(() => RowWriter.Create("rows.csv")).Message;
        Assert.Equal("rows.csv: the extension names no format that can be written; there are .jsonl, .json, either of them with .gz, and .parquet", error);
    }

    [Fact]
    public void Create_InAFolderThatIsNotThere_SaysSo()
    {
        var error = Assert.Throws<RlhfException>(() => RowWriter.Create("/nowhere/at/all/rows.jsonl")).Message;
        Assert.StartsWith("/nowhere/at/all/rows.jsonl cannot be written", error);
    }

    [Fact]
    public void Write_ManyRows_SpansRowGroups()
    {
        using var file = RowFile.Of("in.jsonl", string.Concat(Enumerable.Range(0, 45_000).Select(i => $"{{\"i\":{i},\"t\":\"text {i}\"}}\n")));
        var rows = Convert(file, "out.parquet");
        Assert.Equal(45_000, rows.Count);
        Assert.All(rows.Index(), pair => Assert.Equal($"text {pair.Index}", pair.Item.Text("t")));
    }

    private static List<Row> Convert(RowFile file, string name)
    {
        var path = Path.Combine(Path.GetDirectoryName(file.Path)!, name);
        using (var writer = RowWriter.Create(path))
        {
            foreach (var row in RowReader.Read(file.Path)) writer.Write(row);
            writer.Commit();
        }

        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(path)!).Length); // no temporary file is left
        return [.. RowReader.Read(path)];
    }

    private static string Json(Row row) => Encoding.UTF8.GetString(row.Json.Span);
}
