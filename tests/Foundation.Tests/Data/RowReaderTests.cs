using System.Text;
using Rlhf.Foundation.Data;
using Rlhf.Foundation.Torch;

namespace Rlhf.Foundation.Tests.Data;

public sealed class RowReaderTests
{
    private const string TwoLines = """
        {"prompt": "Hi", "margin": 1.5}

        {"prompt": "Größe", "margin": -2}

        """;

    [Fact]
    public void Read_JsonLines_GivesEveryRowWithItsLine()
    {
        using var file = RowFile.Of("a.jsonl", TwoLines);
        var rows = file.Rows();
        Assert.Equal(["Hi", "Größe"], rows.Select(row => row.Text("prompt")));
        Assert.Equal([1.5, -2], rows.Select(row => row.Number("margin")));
        Assert.Equal([1L, 3L], rows.Select(row => row.Line));
        Assert.Equal($"{file.Path} line 3", rows[1].Place);
    }

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.data")]
    [InlineData("a.jsonl.gz")]
    public void Read_GzipUnderAnyName_IsRecognisedByContent(string name)
    {
        using var file = RowFile.Of(name, RowFile.Gzip(Encoding.UTF8.GetBytes(TwoLines)));
        Assert.Equal(["Hi", "Größe"], file.Rows().Select(row => row.Text("prompt")));
    }

    [Theory]
    [InlineData("""[{"a": "1"}, {"a": "2,]}"}]""", "1|2,]}")]
    [InlineData("[]", "")]
    [InlineData(" [\n  {\n   \"a\": \"x\\\"]\"\n  }\n]\n", "x\"]")]
    public void Read_JsonList_GivesItsObjects(string json, string expected)
    {
        using var file = RowFile.Of("a.json", json);
        Assert.Equal(expected, string.Join('|', file.Rows().Select(row => row.Text("a"))));
    }

    [Fact]
    public void Read_JsonList_CountsLines()
    {
        using var file = RowFile.Of("a.json", "[\n{\"a\":\n1},\n\n{\"a\": 2}]");
        Assert.Equal([2L, 5L], file.Rows().Select(row => row.Line));
    }

    [Fact]
    public void Read_LongRowsAcrossChunks_AreWhole()
    {
        var texts = Enumerable.Range(0, 40).Select(i => new string((char)('a' + i % 26), 1 + i * i * 200)).ToArray();
        using var lines = RowFile.Of("a.jsonl", string.Concat(texts.Select(text => $"{{\"t\": \"{text}\"}}\r\n")));
        using var list = RowFile.Of("a.json", "[" + string.Join(" ,\n", texts.Select(text => $"{{\"t\": \"{text}\"}}")) + "]");
        Assert.Equal(texts, lines.Rows().Select(row => row.Text("t")));
        Assert.Equal(texts, list.Rows().Select(row => row.Text("t")));
    }

    [Fact]
    public void Read_ByteOrderMark_IsPassedOver()
    {
        using var file = RowFile.Of("a.jsonl", "\ufeff{\"a\": \"b\"}");
        Assert.Equal("b", Assert.Single(file.Rows()).Text("a"));
    }

    [Fact]
    public void Read_RowsKeptPastTheEnd_StayWhole()
    {
        using var file = RowFile.Of("a.jsonl", string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{{\"i\": \"{i}\"}}\n")));
        var rows = file.Rows();
        Assert.Equal(Enumerable.Range(0, 20_000).Select(i => $"{i}"), rows.Select(row => row.Text("i")));
    }

    [Fact]
    public void Read_WithDefectHandler_ReportsBadLinesAndGoesOn()
    {
        using var file = RowFile.Of("a.jsonl", "{\"a\": \"1\"}\n{\"a\": \n[1]\n{\"a\": \"2\"}\n");
        var defects = new List<RowDefect>();
        var rows = RowReader.Read(file.Path, defects.Add).ToList();
        Assert.Equal(["1", "2"], rows.Select(row => row.Text("a")));
        Assert.Equal([2L, 3L], defects.Select(defect => defect.Line));
        Assert.Contains("expected an object", defects[1].Reason);
    }

    [Fact]
    public void Read_HelpfulBase_GivesItsRows()
    {
        Assert.SkipUnless(TestSupport.TestData.Available, TestSupport.TestData.Reason);
        var rows = RowReader.Read(TestSupport.TestData.At("preferences", "hh-helpful-base.jsonl.gz")).ToList();
        Assert.Equal(2354, rows.Count);
        Assert.Equal(2, rows.Count(row => row.Text("chosen") == row.Text("rejected")));
        Assert.All(rows, row => Assert.Equal(["chosen", "rejected"], row.Columns));
        Assert.StartsWith("\n\nHuman: Do you know why turkeys", rows[0].Text("chosen"));
    }
}
