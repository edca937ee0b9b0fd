using Rlhf.Foundation.Data;
using Rlhf.Foundation.Torch;

namespace Rlhf.Foundation.Tests.Data;

public sealed class RowTests
{
    private const string Line = """{"prompt": "a\nb", "score": 1e2, "done": true, "nothing": null, "turns": [{"role": "user", "content": "é"}, {"content": "", "role": "assistant", "x": 1}], "meta": {"k": 1}, "huge": 1e999}""";

    [Fact]
    public void Columns_AreInTheOrderOfTheFile()
    {
        using var file = RowFile.Of("a.jsonl", Line);
        Assert.Equal(["prompt", "score", "done", "nothing", "turns", "meta", "huge"], file.Rows()[0].Columns);
    }

    [Theory]
    [InlineData("prompt", ColumnKind.Text)]
    [InlineData("score", ColumnKind.Number)]
    [InlineData("done", ColumnKind.Boolean)]
    [InlineData("nothing", ColumnKind.Null)]
    [InlineData("turns", ColumnKind.List)]
    [InlineData("meta", ColumnKind.Object)]
    [InlineData("other", ColumnKind.Missing)]
    public void Kind_SaysWhatAColumnHolds(string column, ColumnKind expected)
    {
        using var file = RowFile.Of("a.jsonl", Line);
        Assert.Equal(expected, file.Rows()[0].Kind(column));
    }

    [Fact]
    public void Values_AreDecoded()
    {
        using var file = RowFile.Of("a.jsonl", Line);
        var row = file.Rows()[0];
        Assert.Equal("a\nb", row.Text("prompt"));
        Assert.Equal(100, row.Number("score"));
        Assert.True(row.Boolean("done"));
        Assert.False(row.Has("nothing"));
        Assert.Equal([new ChatMessage("user", "é"), new ChatMessage("assistant", "")], row.Messages("turns"));
    }

    [Fact]
    public void Text_MissingColumn_ListsTheOthersAndSuggestsTheNearest()
    {
        using var file = RowFile.Of("a.jsonl", """{"prompt": "", "chosen": "", "rejected": ""}""");
        var error = Assert.Throws<RlhfException>(() => file.Rows()[0].Text("chosn")).Message;
        Assert.Equal($"{file.Path} line 1 has no column 'chosn': it has prompt, chosen, rejected; did you mean 'chosen'?", error);
    }

    [Theory]
    [InlineData("""{"a": 3}""", "holds 3, expected text")]
    [InlineData("""{"a": null}""", "holds null, expected text")]
    [InlineData("""{"a": ["0123456789012345678901234567890123456789"]}""", "holds [\"01234567890123456789012345678901234…, expected text")]
    public void Text_OtherKind_SaysWhatWasFound(string line, string expected)
    {
        using var file = RowFile.Of("a.jsonl", line);
        Assert.Contains($"column 'a' {expected}", Assert.Throws<RlhfException>(() => file.Rows()[0].Text("a")).Message);
    }

    [Theory]
    [InlineData("""["x"]""", "message 1 is \"x\", expected an object with 'role' and 'content'")]
    [InlineData("""[{"role": "user", "content": ""}, {"role": "user"}]""", "message 2 is {\"role\": \"user\"}")]
    [InlineData("""[{"role": "user", "content": 7}]""", "message 1: 'content' is 7, expected text")]
    public void Messages_OfAnotherShape_SayWhichMessage(string list, string expected)
    {
        using var file = RowFile.Of("a.jsonl", $"{{\"a\": {list}}}");
        Assert.Contains(expected, Assert.Throws<RlhfException>(() => file.Rows()[0].Messages("a")).Message);
    }

    [Fact]
    public void Number_BeyondDouble_IsRefused()
    {
        using var file = RowFile.Of("a.jsonl", Line);
        Assert.Contains("1e999, which is beyond", Assert.Throws<RlhfException>(() => file.Rows()[0].Number("huge")).Message);
    }

    [Fact]
    public void Of_Values_ReadBack()
    {
        var row = Row.Of("made", 7, ("prompt", "x\"y"), ("score", 0.1), ("turns", new[] { new ChatMessage("user", "z") }), ("none", null));
        Assert.Equal("made row 7", row.Place);
        Assert.Equal("x\"y", row.Text("prompt"));
        Assert.Equal(0.1, row.Number("score"));
        Assert.Equal(new ChatMessage("user", "z"), Assert.Single(row.Messages("turns")));
        Assert.Equal(ColumnKind.Null, row.Kind("none"));
    }
}
