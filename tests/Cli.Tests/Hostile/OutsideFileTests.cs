namespace Rlhf.Cli.Tests.Hostile;

/// <summary>Damaged copies of every file and body that comes from outside are read or refused in one line, soon and in little memory.</summary>
public sealed class OutsideFileTests(ITestOutputHelper output)
{
    private const int Inputs = 400;

    public static TheoryData<string> Formats => [.. OutsideFiles.All.Select(target => target.Format)];

    [Theory, MemberData(nameof(Formats))]
    public void Read_DamagedInput_IsReadOrRefused(string format)
    {
        var target = OutsideFiles.All.Single(one => one.Format == format);

        var report = new MutationFuzzer(seed: 41, target.Originals()).Run(0, Inputs, target.Parse, [.. target.Refusals]);

        output.WriteLine(report.ToString());
        Assert.True(report.Failures.Count == 0, string.Join("\n\n", report.Failures));
        Assert.True(report.Accepted > Inputs / 100 && report.Rejected > Inputs / 100, report.ToString());
    }

    /// <summary>Each had made the server fail.</summary>
    [Theory]
    [InlineData("""2{"model":"MODEL","messages":[{"role":"user","content":"\ude00"}]}""")]
    [InlineData("""2{"model":"MODEL","messages":[{"role":"user","content":[{"type":"text","text":"\ud83d"}]}]}""")]
    [InlineData("""2{"model":"MODEL","messages":[null]}""")]
    [InlineData("""2{"model":"MODEL","messages":null}""")]
    [InlineData("""3{"model":"MODEL","prompt":"\ud83d"}""")]
    [InlineData("""3{"model":"MODEL","prompt":"ab","max_tokens":1,"logprobs":1.5}""")]
    public void Post_BodyThatIsWrong_IsTheClientsFault(string body) => Assert.Equal("400", Assert.Throws<Rlhf.Foundation.RlhfException>(() => HttpBodies.Target.Parse(HttpBodies.Whole(body))).Message);

    /// <summary>Without the server, where an answer that was given is not given again.</summary>
    public static TheoryData<string> Files => [.. OutsideFiles.All.Where(target => target != HttpBodies.Target).Select(target => target.Format)];

    [Theory, MemberData(nameof(Files))]
    public void Read_WholeInput_IsRead(string format)
    {
        var target = OutsideFiles.All.Single(one => one.Format == format);

        foreach (var whole in target.Originals()) target.Parse(whole);
    }
}
