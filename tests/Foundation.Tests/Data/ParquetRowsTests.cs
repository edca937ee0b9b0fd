using Rlhf.Foundation.Data;

namespace Rlhf.Foundation.Tests.Data;

public sealed class ParquetRowsTests
{
    [Theory]
    [InlineData("duckdb_text_snappy_v1.parquet")]
    [InlineData("duckdb_text_zstd_v2_rg.parquet")]
    public void Read_TextColumns_GivesTheRowsOfTheJsonLines(string name)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var lines = RowReader.Read(TestData.At("preferences", "hh-helpful-base.jsonl.gz")).ToList();
        var rows = RowReader.Read(TestData.At("parquet", name)).ToList();
        Assert.Equal(2345, rows.Count); // the 9 pairs whose prompts differ were left out
        Assert.Equal(Enumerable.Range(1, 2345).Select(i => (long)i), rows.Select(row => row.Line));
        Assert.All(rows, row =>
        {
            var line = lines[(int)row.Number("id")];
            Assert.Equal(line.Text("chosen"), row.Text("prompt") + row.Text("chosen"));
            Assert.Equal(line.Text("rejected"), row.Text("prompt") + row.Text("rejected"));
        });
    }

    [Fact]
    public void Read_Messages_GivesDialogues()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var lines = RowReader.Read(TestData.At("preferences", "hh-helpful-base.jsonl.gz")).ToList();
        var rows = RowReader.Read(TestData.At("parquet", "polars_messages_snappy.parquet")).ToList();
        Assert.Equal(2345, rows.Count);
        Assert.All(rows, row =>
        {
            var line = lines[(int)row.Number("id")];
            Assert.Equal(Bare(line.Text("chosen")), Bare(Dialogue(row.Messages("prompt")) + Dialogue(row.Messages("chosen"))));
            Assert.Equal(Bare(line.Text("rejected")), Bare(Dialogue(row.Messages("prompt")) + Dialogue(row.Messages("rejected"))));
        });
    }

    [Fact]
    public void Read_NullsAndEmptyLists_AreToldApart()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var whole = RowReader.Read(TestData.At("parquet", "polars_messages_snappy.parquet")).ToDictionary(row => row.Number("id"));
        var rows = RowReader.Read(TestData.At("parquet", "duckdb_messages_nulls_empties.parquet")).ToList();
        Assert.Equal(200, rows.Count);
        Assert.Equal(28, rows.Count(row => row.Kind("prompt") == ColumnKind.Null));
        Assert.Equal(41, rows.Count(row => row.Messages("chosen").Count == 0));
        Assert.All(rows, row =>
        {
            var same = whole[row.Number("id")];
            if (row.Has("prompt")) Assert.Equal(same.Messages("prompt"), row.Messages("prompt"));
            if (row.Messages("chosen").Count > 0) Assert.Equal(same.Messages("chosen"), row.Messages("chosen"));
            Assert.Equal(same.Messages("rejected"), row.Messages("rejected"));
        });
    }

    [Fact]
    public void Read_ImpalaTypes_BecomeJson()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var row = RowReader.Read(TestData.At("parquet", "alltypes_plain.parquet")).ElementAt(1);
        Assert.Equal(
            """{"id":5,"bool_col":false,"tinyint_col":1,"smallint_col":1,"int_col":1,"bigint_col":10,"float_col":1.1,"double_col":10.1,"date_string_col":"03/01/09","string_col":"1","timestamp_col":"2009-03-01T00:01:00Z"}""",
            System.Text.Encoding.UTF8.GetString(row.Json.Span));
    }

    [Fact]
    public void Read_CutFile_SaysSo()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var file = RowFile.Of("cut.parquet", File.ReadAllBytes(TestData.At("parquet", "alltypes_plain.parquet"))[..1500]);
        Assert.StartsWith($"{file.Path}: not a whole Parquet file: ", file.Error(), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileCutAnywhere_NamesTheFile()
    {
        using var origin = RowFile.Of("rows.jsonl", string.Concat(Enumerable.Range(0, 6).Select(i => $"{{\"prompt\": \"question {i}\", \"turns\": [{{\"role\": \"user\", \"content\": \"hm {i}\"}}]}}\n")));
        var written = origin.Path + ".parquet";
        using (var writer = RowWriter.Create(written))
        {
            foreach (var row in RowReader.Read(origin.Path)) writer.Write(row);
            writer.Commit();
        }

        var whole = File.ReadAllBytes(written);
        Assert.InRange(whole.Length, 500, 5000);
        for (var length = 0; length < whole.Length; length++)
        {
            using var cut = RowFile.Of("cut.parquet", whole[..length]);
            var error = cut.Error();
            Assert.StartsWith(cut.Path, error);
            Assert.DoesNotContain('\n', error);
        }
    }

    private static string Dialogue(IReadOnlyList<ChatMessage> turns) =>
        string.Concat(turns.Select(turn => (turn.Role == "user" ? "Human:" : "Assistant:") + turn.Content));

    private static string Bare(string text) => string.Concat(text.Where(letter => !char.IsWhiteSpace(letter)));
}
