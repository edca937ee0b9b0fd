using Rlhf.Foundation.Data;
using Rlhf.Foundation.Torch;

namespace Rlhf.Foundation.Tests.Data;

public sealed class CsvTests
{
    [Fact]
    public void Line_FieldsWithCommaQuoteAndNewline_AreQuotedAsRfc4180Says() =>
        Assert.Equal("plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n", Csv.Line(["plain", "a,b", "say \"hi\"", "two\nlines"]));

    [Fact]
    public void Number_NotFinite_IsAnEmptyField()
    {
        Assert.Equal("", Csv.Number(double.NaN));
        Assert.Equal("", Csv.Number(double.PositiveInfinity));
        Assert.Equal("0.1", Csv.Number(0.1));
        Assert.Equal("-1E-05", Csv.Number(-1e-5));
    }

    [Fact]
    public void Parse_WhatLineWrote_GivesTheFieldsBack()
    {
        string[] fields = ["", "a,b", "\"", "two\nlines", "é✓"];
        var records = Csv.Parse(Csv.Line(fields) + Csv.Line(["1", "2", "3", "4", "5"]));
        Assert.Equal(2, records.Count);
        Assert.Equal(fields, records[0]);
        Assert.Equal(["1", "2", "3", "4", "5"], records[1]);
    }

    [Fact]
    public void Parse_CarriageReturnsAndNoLastNewline_ReadsTheSame()
    {
        var records = Csv.Parse("a,b\r\n1,2");
        Assert.Equal([["a", "b"], ["1", "2"]], records);
    }
}
