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
        var html = new MarkupWriter();
        Download.Csv(html, "big", "numbers", csv.ToString());
        var parts = Regex.Matches(html.ToString(), "download=\"big-(\\d)\\.csv\" href=\"data:text/csv;charset=utf-8,([^\"]+)\"");
        Assert.True(parts.Count >= 2);
        Assert.All(parts, part => Assert.True(part.Groups[2].Length < 2_000_000));
        Assert.All(parts, part => Assert.StartsWith("step,score%0A", part.Groups[2].Value));
        var rows = parts.SelectMany(part => Uri.UnescapeDataString(part.Groups[2].Value).Split('\n').Skip(1).Where(line => line.Length > 0));
        Assert.Equal(400_000, rows.Count());
    }
}
