using System.Text;

namespace Rlhf.Foundation.Tests.Data;

public sealed class RowErrorTests
{
    [Theory]
    [InlineData("{\"a\": 1}\n{\"a\": }", "line 2: invalid JSON at byte 7")]
    [InlineData("{\"a\": 1} {\"a\": 2}", "line 1: invalid JSON at byte 10")]
    [InlineData("{\n\"a\": 1\n}", "JSON Lines wants each object on one line")]
    [InlineData("{\"a\": 1}\n[2]", "line 2: expected an object such as {\"prompt\": …}, found a list")]
    [InlineData("{\"a\": 1, \"a\": 2}", "line 1: column 'a' stands twice")]
    [InlineData("{\"a\": \"\\ud83d\"}", "half of a surrogate pair")]
    [InlineData("{\"a\": [{\"\\uDC00\": 1}]}", "half of a surrogate pair")]
    [InlineData("[{\"a\": 1}, {\"a\"", "line 1: the file ends inside a row")]
    [InlineData("[{\"a\": 1}", "it may have been cut")]
    [InlineData("[{\"a\": 1}\n{\"a\": 2}]", "line 2: found '{', expected ',' or ']'")]
    [InlineData("[{\"a\": 1}] x", "found 'x', expected nothing behind")]
    [InlineData("[{\"a\":\n 1,}]", "line 1: invalid JSON at byte 4 of its line 2")]
    public void Read_BrokenJson_NamesThePlace(string content, string expected)
    {
        using var file = RowFile.Of("a.jsonl", content);
        var error = file.Error();
        Assert.StartsWith(file.Path, error);
        Assert.Contains(expected, error);
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer")]
    [InlineData("<!DOCTYPE html><html>", "HTML")]
    [InlineData("prompt,chosen\na,b\n", "it starts with: prompt,chosen")]
    [InlineData("PK\u0003\u0004", "zip archive")]
    [InlineData("  \n ", "white space")]
    [InlineData("", "is empty")]
    [InlineData("\u0001\u0002", "binary")]
    public void Read_SomethingElse_SaysWhatItIs(string content, string expected)
    {
        using var file = RowFile.Of("a.jsonl", content);
        Assert.Contains(expected, file.Error());
    }

    [Fact]
    public void Read_ParquetByNameOnly_IsRefused()
    {
        using var file = RowFile.Of("a.parquet", "version https://git-lfs.github.com/spec/v1");
        var error = file.Error();
        Assert.Contains("named .parquet but does not start with PAR1", error);
        Assert.Contains("git lfs pull", error);
    }

    [Fact]
    public void Read_InvalidUtf8_NamesTheByte()
    {
        using var file = RowFile.Of("a.jsonl", [.. "{\"a\": \"é"u8, 0xe9, .. "\"}"u8]);
        Assert.EndsWith("line 1: invalid UTF-8 at byte 10; save the file as UTF-8", file.Error());
    }

    [Fact]
    public void Read_DeepNesting_IsRefused()
    {
        using var file = RowFile.Of("a.jsonl", "{\"a\": " + new string('[', 100_000) + new string(']', 100_000) + "}");
        Assert.Contains("maximum configured depth", file.Error());
    }

    [Fact]
    public void Read_EndlessLine_IsRefusedInBoundedMemory()
    {
        var content = RowFile.Gzip([.. "{\"a\": \""u8, .. Enumerable.Repeat((byte)'x', 65 << 20)]);
        using var file = RowFile.Of("a.jsonl.gz", content);
        Assert.Contains("a row longer than 64 MiB", file.Error());
    }

    [Fact]
    public void Read_GzipCutAnywhere_IsAnError()
    {
        var whole = RowFile.Gzip(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 50).Select(i => $"{{\"a\": \"{i * 7919}\"}}\n"))));
        for (var length = 0; length < whole.Length; length++)
        {
            using var file = RowFile.Of("a.jsonl.gz", whole[..length]);
            Assert.StartsWith(file.Path, file.Error());
        }
    }

    [Fact]
    public void Read_NoSuchFile_SaysSo()
    {
        using var file = RowFile.Of("a.jsonl", "{}");
        var missing = file.Path + "x";
        Assert.Contains("no such file", Assert.Throws<RlhfException>(() => Rlhf.Foundation.Data.RowReader.Read(missing).ToList()).Message);
        var folder = Path.GetDirectoryName(missing)!;
        Assert.Contains("is a folder", Assert.Throws<RlhfException>(() => Rlhf.Foundation.Data.RowReader.Read(folder).ToList()).Message);
    }
}
