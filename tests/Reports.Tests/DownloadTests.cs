using System.Text;
using System.Text.RegularExpressions;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports.Tests;

public sealed class DownloadTests
{
    [Fact]
    public void Encoded_ReadsBackAsItWas()
    {
        const string text = "a,b\n\"quoted #1\" 100% & <tag> é 😀\n";
        Assert.Equal(text, Uri.UnescapeDataString(Download.Encoded(text)));
        Assert.DoesNotContain('#', Download.Encoded(text));
    }

    [Fact]
    public void Csv_BeyondWhatABrowserOpens_ComesInPartsWithTheHeader()
    {
        var csv = new StringBuilder("step,score\n");
        for (var i = 0; i < 400_000; i++) csv.Append(i).Append(",1\n");
        var parts = Parts(csv.ToString());
        Assert.True(parts.Length >= 2);
        Assert.All(parts, part => Assert.StartsWith("step,score\n", part));
        Assert.Equal(400_000, parts.Sum(part => part.Count(letter => letter == '\n') - 1));
    }

    [Fact]
    public void Csv_RecordsOfManyLines_StayWhole()
    {
        const string header = "\"a\nheader\"\n";
        var record = $"\"{string.Concat(Enumerable.Repeat(new string('a', 60) + " \"\"quoted\"\"\n", 100))}\"\n";

        var parts = Parts(header + string.Concat(Enumerable.Repeat(record, 300)));

        Assert.True(parts.Length >= 2);
        Assert.All(parts, part => Assert.Equal(header, part.Replace(record, "", StringComparison.Ordinal)));
        Assert.Equal(300, parts.Sum(part => (part.Length - header.Length) / record.Length));
    }

    [Theory]
    [InlineData('ж')]
    [InlineData('字')]
    public void Csv_LettersThatTakeManyBytes_CountAsEncoded(char letter)
    {
        var rows = string.Concat(Enumerable.Repeat(new string(letter, 99) + '\n', 4000));

        var parts = Parts("text\n" + rows);

        Assert.Equal(rows, string.Concat(parts.Select(part => part["text\n".Length..])));
    }

    /// <summary>What the links hold, none of which is longer than an address may be.</summary>
    private static string[] Parts(string csv)
    {
        var html = new MarkupWriter();
        Download.Csv(html, "big", "numbers", csv);
        var parts = Regex.Matches(html.ToString(), "download=\"big-\\d\\.csv\" href=\"data:text/csv;charset=utf-8,([^\"]+)\"").Select(link => link.Groups[1].Value).ToArray();
        Assert.All(parts, part => Assert.InRange(part.Length, 1, Download.LongestAddress));
        return [.. parts.Select(Uri.UnescapeDataString)];
    }
}
