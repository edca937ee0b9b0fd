using System.Text.RegularExpressions;
using Rlhf.Evaluation;
using Rlhf.Tests.Evaluation;

namespace Rlhf.Reports.Tests;

public sealed partial class RunReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("report").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Html_OfAWholePipeline_HasEverySectionInOrder()
    {
        var html = Whole();
        string[] sections = ["verdict", "curve", "training-ppo", "samples", "trust", "training-sft", "training-reward", "configuration"];
        Assert.Equal(sections, SectionIds().Matches(html).Select(match => match.Groups[1].Value));
        Assert.All(sections, section => Assert.Contains($"href=\"#{section}\"", html));
        foreach (var figure in new[] { "overoptimisation", "win-rate", "ppo-score", "ppo-kl", "ppo-beta", "ppo-entropy", "ppo-length", "ppo-efficiency", "calibration", "margins", "scores-histogram" })
            Assert.Contains($"id=\"figure-{figure}\"", html);
    }

    [Fact]
    public void Html_NeedsNoNetworkAndNoScript()
    {
        var html = Whole();
        Assert.DoesNotContain("<script", html);
        Assert.DoesNotContain("url(http", html);
        Assert.DoesNotContain("@import", html);
        Assert.All(Addresses().Matches(html).Select(match => match.Groups[1].Value), address => Assert.Matches("^(#|data:)", address));
        Assert.Contains("default-src &#39;none&#39;", html);
    }

    [Fact]
    public void Html_Twice_IsTheSameText()
    {
        FakeRun.Write(_folder);
        Assert.Equal(RunReport.Html(RunReader.Read(_folder)), RunReport.Html(RunReader.Read(_folder)));
    }

    [Fact]
    public void Html_EveryFigure_OffersItsNumbers()
    {
        var html = Whole();
        Assert.Equal(FigureIds().Count(html), Regex.Count(html, "numbers \\(CSV\\)"));
        var score = Regex.Match(html, "download=\"ppo-score\\.csv\" href=\"data:text/csv;charset=utf-8,([^\"]+)\"").Groups[1].Value;
        var lines = Uri.UnescapeDataString(System.Net.WebUtility.HtmlDecode(score)).Split('\n');
        Assert.Equal("series,kind,x,y,low,high", lines[0]);
        Assert.Equal(1 + 4 * 160 + 1, lines.Length);   // proxy and gold, raw and smoothed
    }

    [Fact]
    public void Html_ScoreTrainedOnAsItCame_IsOneLine()
    {
        var html = Whole();
        Assert.DoesNotContain("as trained on", html);
        var path = Path.Combine(_folder, "ppo", "metrics.jsonl");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"score\":", "\"score\":0.5,\"other\":"));
        Assert.Contains("as trained on", RunReport.Html(RunReader.Read(_folder)));
    }

    [Fact]
    public void Html_ScoreOfSeveralTerms_ShowsEachTermsMeanAndShare()
    {
        Assert.DoesNotContain("figure-ppo-term-shares", Whole());
        var path = Path.Combine(_folder, "ppo", "metrics.jsonl");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"episodes\":", "\"score_number\":0.5,\"share_number\":0.7,\"score_length\":0.9,\"share_length\":0.3,\"episodes\":"));
        var html = RunReport.Html(RunReader.Read(_folder));
        Assert.Contains("id=\"figure-ppo-term-scores\"", html);
        Assert.Contains("id=\"figure-ppo-term-shares\"", html);
        var shares = Uri.UnescapeDataString(System.Net.WebUtility.HtmlDecode(Regex.Match(html, "download=\"ppo-term-shares\\.csv\" href=\"data:text/csv;charset=utf-8,([^\"]+)\"").Groups[1].Value));
        Assert.Contains("number,", shares);
        Assert.Contains("length,", shares);
    }

    [Fact]
    public void Html_IdsAreUnique()
    {
        var ids = AllIds().Matches(Whole()).Select(match => match.Groups[1].Value).ToArray();
        Assert.Empty(ids.GroupBy(id => id).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    [Fact]
    public void Html_TokensAreShadedByTheirKl()
    {
        var html = Whole();
        Assert.Matches("<span class=\"up\" style=\"--k:(0\\.[89]\\d?|1)\" title=\"[23]\\.\\d\\d nats\">happy", html);
        Assert.Contains("Where proxy and gold disagree most", html);
    }

    [Fact]
    public void Html_Samples_NameTheirStepAndBeginWithTheirFirstWord()
    {
        FakeRun.Write(_folder, steps: 30);
        File.WriteAllText(Path.Combine(_folder, "ppo", "samples.jsonl"), """{"step":30,"prompt":"Why?","response":" So.","reference_response":" Thus.","tokens":[" So","."],"token_kl":[0,0]}""" + "\n");
        var html = RunReport.Html(RunReader.Read(_folder));
        Assert.Contains("Responses at step 30. ", html);
        Assert.Contains(">Thus.<", html);
        Assert.Contains(">So.<", html);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("</textarea></title></style><img src=x onerror=alert(1)>")]
    [InlineData("\" onmouseover=\"alert(1)")]
    [InlineData("'--><svg onload=alert(1)>")]
    [InlineData("`code` & <b>bold</b> \u0000\u0007\u202E")]
    public void Html_HostileText_StaysText(string hostile)
    {
        FakeRun.Write(_folder, steps: 10);
        var text = System.Text.Json.JsonSerializer.Serialize(hostile);
        File.WriteAllText(Path.Combine(_folder, "ppo", "samples.jsonl"), $"{{\"step\":1,\"prompt\":{text},\"response\":{text},\"reference_response\":{text},\"tokens\":[{text}],\"token_kl\":[2]}}\n{{\"step\":1,\"prompt\":{text},\"response\":{text}}}\n");
        File.AppendAllText(Path.Combine(_folder, "ppo", "metrics.jsonl"), $"{{\"step\":11,{text}:1}}\n{{\"step\":12,{text}:null}}\n");
        File.AppendAllText(Path.Combine(_folder, "ppo", "recipe.yaml"), hostile);
        File.WriteAllText(Path.Combine(_folder, "ppo", "environment.json"), $"{{{text}:{text}}}");
        var curve = SampleCurves.Of(SampleCurves.Policies(hostile, [1, 4], hostile));
        CurveJson.Write(curve with { Points = [.. curve.Points.Select(point => point with { Checkpoint = hostile })] }, Path.Combine(_folder, "curve.json"));
        var html = RunReport.Html(RunReader.Read(_folder));

        Assert.DoesNotContain("<script", html);
        Assert.DoesNotContain("<img", html);
        Assert.DoesNotContain("<b>", html);
        Assert.DoesNotContain("<svg onload", html);
        Assert.DoesNotContain("\" onmouseover", html);
        Assert.DoesNotContain('\u0000', html);
    }

    [Fact]
    public void Html_NoCurve_SaysSoAndReportsTheTraining()
    {
        FakeRun.Write(_folder);
        File.Delete(Path.Combine(_folder, "curve.json"));
        var html = RunReport.Html(RunReader.Read(_folder));
        Assert.Contains("In training the score rose from", html);
        Assert.Contains("The KL-versus-reward curve was not evaluated", html);
        Assert.Contains("<code>rlhf curve</code>", html);
    }

    [Fact]
    public void Html_NoGold_SaysWhatCannotBeKnown()
    {
        FakeRun.Write(_folder);
        var curve = CurveBuilder.Build(SampleCurves.WithoutGold(SampleCurves.Reference()), [.. SampleCurves.Policies("demo", [1, 4, 9, 16]).Select(SampleCurves.WithoutGold)], SampleCurves.Options);
        CurveJson.Write(curve, Path.Combine(_folder, "curve.json"));
        var html = RunReport.Html(RunReader.Read(_folder));
        Assert.Contains("without a gold score nobody can say", html);
        Assert.Contains("Proxy reward against drift", html);
    }

    [Fact]
    public void Html_OneCheckpoint_IsAReport()
    {
        FakeRun.Write(_folder);
        CurveJson.Write(SampleCurves.Of(SampleCurves.Policies("demo", [4])), Path.Combine(_folder, "curve.json"));
        Assert.Contains("Only one checkpoint was evaluated", RunReport.Html(RunReader.Read(_folder)));
    }

    [Fact]
    public void Html_NaNInACheckpoint_IsAReportThatSaysSo()
    {
        FakeRun.Write(_folder);
        var curve = SampleCurves.Overoptimised();
        var nothing = new Estimate(double.NaN, double.NaN, double.NaN);
        CurveJson.Write(curve with { Points = [.. curve.Points.Take(6), curve.Points[6] with { ProxyGain = nothing, GoldGain = nothing, Proxy = nothing }] }, Path.Combine(_folder, "curve.json"));
        Assert.Contains("1 of 7 checkpoints have a KL or score that is not a number", RunReport.Html(RunReader.Read(_folder)));
    }

    [Fact]
    public void Html_HalfWrittenMetrics_IsAReportThatSaysSo()
    {
        FakeRun.Write(_folder);
        File.AppendAllText(Path.Combine(_folder, "ppo", "metrics.jsonl"), "{\"step\":161,\"sc");
        Assert.Contains("is half-written and was left out", RunReport.Html(RunReader.Read(_folder)));
    }

    [Fact]
    public void Html_EmptyFolder_IsAReportThatNothingIsKnown()
    {
        var html = RunReport.Html(RunReader.Read(_folder));
        Assert.Contains("Nothing to judge yet", html);
        Assert.Contains("What is missing", html);
    }

    private string Whole()
    {
        FakeRun.Write(_folder);
        return RunReport.Html(RunReader.Read(_folder));
    }

    [GeneratedRegex("<section id=\"([^\"]+)\"")]
    private static partial Regex SectionIds();

    [GeneratedRegex("<figure id=")]
    private static partial Regex FigureIds();

    [GeneratedRegex(" id=\"([^\"]+)\"")]
    private static partial Regex AllIds();

    [GeneratedRegex(" (?:href|src)=\"([^\"]{0,40})")]
    private static partial Regex Addresses();
}
